"""Choosing the drill to abort. The asking itself is tested on real drills (tests/integration)."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from blackstart.drill.abort import ASKED, abort, running
from blackstart.drill.folder import holder, mine
from blackstart.errors import UsageError
from blackstart.faults.ledger import Ledger


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    for number in (1, 2, 3):
        (tmp_path / f"INC-2026-04-26-00{number}").mkdir()
    return tmp_path


def test_none_runs(reports: Path) -> None:
    assert running(reports) == []
    with pytest.raises(UsageError, match="no drill is running in"):
        abort(reports)


def test_a_drill_that_does_not_run(reports: Path) -> None:
    with mine(reports / "INC-2026-04-26-001"), pytest.raises(UsageError) as seen:
        abort(reports, "INC-2026-04-26-002")
    assert seen.value.hint == "running: INC-2026-04-26-001"


def test_two_run_and_none_is_named(reports: Path) -> None:
    with mine(reports / "INC-2026-04-26-001"), mine(reports / "INC-2026-04-26-003"):
        assert running(reports) == ["INC-2026-04-26-001", "INC-2026-04-26-003"]
        with pytest.raises(UsageError, match="2 drills are running") as seen:
            abort(reports)
    assert seen.value.hint == "name one: --drill INC-2026-04-26-001"


def test_one_that_died_is_not_to_be_aborted_but_recovered(reports: Path) -> None:
    died = reports / "INC-2026-04-26-002"
    Ledger(died).intend("sealed", type="vault.seal", target="vault", params={}, undo={})
    for asked in ("", died.name):
        with pytest.raises(UsageError) as seen:
            abort(reports, asked)
        assert seen.value.hint == (
            "INC-2026-04-26-002 died, and what it broke may remain: "
            "blackstart recover, or blackstart resume INC-2026-04-26-002"
        )


HARNESS = """
import sys
from pathlib import Path
from blackstart.drill.folder import mine
with mine(Path(sys.argv[1])):
    print("holds", flush=True)
    sys.stdin.read()
"""


def test_it_is_asked_also_where_the_note_cannot_be_written(reports: Path) -> None:
    folder = reports / "INC-2026-04-26-001"
    words = [sys.executable, "-c", HARNESS, str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as harness:
        assert harness.stdout is not None
        assert harness.stdout.readline() == b"holds\n"
        (folder / ASKED).mkdir()
        done = abort(reports)
    assert (done.over, done.open, harness.returncode) == (True, [], -signal.SIGTERM)


def test_nobody_holds_a_folder_that_was_let_go(reports: Path) -> None:
    folder = reports / "INC-2026-04-26-001"
    with mine(folder):
        assert holder(folder) is not None
    assert holder(folder) is None
    assert holder(reports / "INC-2026-04-26-002") is None
