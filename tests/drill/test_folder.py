"""A drill's folder: held by one harness at a time, labelled, and cleaned."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.drill.folder import ASKED, REPLICA, label_of, mine, new_label, remove_replica

if TYPE_CHECKING:
    import pytest


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    with mine(tmp_path) as first:
        with mine(tmp_path) as second:
            assert (first, second) == (True, False)
    with mine(tmp_path) as again:
        assert again


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
