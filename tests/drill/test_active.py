"""What becomes of a fault is written into ledger and record; neither keeps it from being healed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from blackstart.drill.active import Journal
from blackstart.events import FaultHealing
from blackstart.faults.ledger import Ledger, LedgerFailed

if TYPE_CHECKING:
    from tests.drill.conftest import Stand

    from blackstart.drill.arming import Armed


class Known:
    """All that a journal asks of a fault."""

    id = "sealed"


@pytest.fixture
def journal(stand: Stand, tmp_path: Path) -> Journal:
    ledger = Ledger(tmp_path)
    ledger.intend("sealed", type="vault.seal", target="vault", params={}, undo={})
    return Journal(stand.conductor, ledger)


def test_a_ledger_that_somebody_removed_keeps_nothing_from_being_healed(
    stand: Stand, journal: Journal, tmp_path: Path
) -> None:
    (tmp_path / "ledger.jsonl").unlink()
    journal.write(cast("Armed", Known), "healing", FaultHealing("sealed"))
    assert stand.kinds()[-1] == "fault.healing"


def test_but_nothing_more_is_broken(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "ledger.jsonl").unlink()
    with pytest.raises(LedgerFailed, match="has no row of the fault sealed"):
        journal.mark(cast("Armed", Known), "injected")
