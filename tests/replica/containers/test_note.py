"""What a replica's folder says of its containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.replica.containers import sweep
from blackstart.replica.containers.endpoint import Endpoint
from blackstart.replica.containers.engine import DRILL, OLDEST_API, SERVICE
from blackstart.replica.containers.note import Note
from blackstart.replica.programs.service import RUN
from blackstart.watchdog import CONTAINERS

NOTE = Note("drill-1", "project-1", "default", "unix:///x.sock")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    NOTE.write(tmp_path / "replica")
    assert Note.read(tmp_path / "replica") == NOTE
    assert NOTE.endpoint == Endpoint("default", "unix:///x.sock")


@pytest.mark.parametrize("text", [None, "", "[]", "{}"])
def test_none_where_there_is_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / CONTAINERS).write_text(text)
    assert Note.read(tmp_path) is None


def test_the_sweep_that_imports_nothing_of_ours_says_the_same() -> None:
    assert (sweep.NOTE, sweep.RUN, sweep.DRILL, sweep.SERVICE) == (CONTAINERS, RUN, DRILL, SERVICE)
    assert sweep.API == f"/v{OLDEST_API[0]}.{OLDEST_API[1]}"
