"""What is kept of a container beside docker's own knowledge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.containers.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    (tmp_path / "run").mkdir()
    return Kept(tmp_path / "run" / "vault.json", "openbao")


def test_nothing_is_known_at_first(kept: Kept) -> None:
    assert kept.read() == {}


def test_what_is_set_joins_what_is_there(kept: Kept) -> None:
    kept.set(wanted=False)
    kept.set(apart={"net": {}})
    assert json.loads(kept.path.read_text()) == {"service": "openbao", "wanted": False, "apart": {"net": {}}}


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_what_cannot_be_read_is_nothing(kept: Kept, text: str) -> None:
    kept.path.write_text(text)
    assert kept.read() == {}


def test_a_full_disk_keeps_it_from_nothing(
    kept: Kept, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    kept.set(wanted=True)
    with full_disk(0), kept.locked():
        kept.set(wanted=False)
    assert kept.read()["wanted"] is False
