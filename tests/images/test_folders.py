from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bakery.errors import BakeError
from bakery.folders import content_key, hold_lock, need_room, work_folder
from blackstart.replica import cached


def never() -> None:
    raise AssertionError("nobody else holds the lock")


def test_it_works_in_the_cache_of_blackstart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert work_folder() == cached.cache_dir() / "images"
    monkeypatch.delenv("BLACKSTART_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert work_folder() == cached.cache_dir() / "images"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert work_folder() == cached.cache_dir() / "images"


def test_a_key_tells_where_one_part_ends_and_the_next_begins() -> None:
    assert content_key("ab", "c") != content_key("a", "bc")
    assert content_key("ab") == content_key(b"ab")


def test_the_second_bake_says_that_it_waits(tmp_path: Path) -> None:
    waits, entered = threading.Event(), threading.Event()

    def second() -> None:
        with hold_lock(tmp_path, waits.set):
            entered.set()

    with hold_lock(tmp_path, never):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(60)
        assert not entered.is_set()
    thread.join()
    assert entered.is_set()


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BakeError, match="cannot be written"), hold_lock(tmp_path / "file", never):
        pass


def test_too_little_room_is_a_sentence(tmp_path: Path) -> None:
    need_room(tmp_path, 0)
    with pytest.raises(BakeError, match=r"GB free"):
        need_room(tmp_path, 10.0**9)
