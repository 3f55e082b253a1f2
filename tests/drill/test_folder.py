"""A drill's folder: held by one harness at a time, labelled, and cleaned."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.drill.folder import ASKED, REPLICA, holder, label_of, mine, new_label, remove_replica
from blackstart.testing import ManualTime

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

LOCK = ".lock"


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    with mine(tmp_path) as first:
        with mine(tmp_path) as second:
            assert (first, second) == (True, False)
    with mine(tmp_path) as again:
        assert again


class Sleeping(ManualTime):
    """Manual time in which something happens at each sleep."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self._then = then

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._then()


def test_who_only_looks_is_waited_for(tmp_path: Path) -> None:
    """A look has the lock for an instant; it is no holder, also when it stands still just then."""
    (tmp_path / LOCK).touch()
    with (tmp_path / LOCK).open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        with mine(tmp_path, time=Sleeping(lambda: fcntl.flock(looking, fcntl.LOCK_UN))) as ours:
            assert ours
            assert holder(tmp_path) == os.getpid()


def test_but_not_for_ever(tmp_path: Path) -> None:
    (tmp_path / LOCK).touch()
    with (tmp_path / LOCK).open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        with mine(tmp_path, time=ManualTime()) as ours:
            assert not ours


def test_every_label_is_its_own_and_written_down(tmp_path: Path) -> None:
    assert label_of(tmp_path) == ""
    first = new_label(tmp_path)
    assert label_of(tmp_path) == first
    assert new_label(tmp_path) != first


def test_a_label_is_durable_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.readlink(f"/proc/self/fd/{handle}")))
    new_label(tmp_path)
    file, folder = synced
    assert Path(file).name.startswith("..label")
    assert folder == str(tmp_path)


def test_what_the_holder_before_was_asked_is_not_asked_of_the_next(tmp_path: Path) -> None:
    (tmp_path / ASKED).touch()
    with mine(tmp_path):
        assert not (tmp_path / ASKED).exists()
        (tmp_path / ASKED).mkdir()
    with mine(tmp_path) as again:
        assert again


def test_the_servers_data_goes_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / REPLICA / "data").mkdir(parents=True)
    (tmp_path / "record.sqlite").touch()
    remove_replica(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["record.sqlite"]
    remove_replica(tmp_path)
