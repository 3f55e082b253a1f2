from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blackstart.errors import MissingTool
from blackstart.replica.cached import cache_dir, content_key, made_once, write_private


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BLACKSTART_CACHE", str(tmp_path / "own"))
    assert cache_dir() == tmp_path / "own"


def test_else_under_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BLACKSTART_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "blackstart"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_dir() == tmp_path / "home" / ".cache" / "blackstart"


def test_a_key_tells_where_one_part_ends_and_the_next_begins() -> None:
    assert content_key("ab", "c") != content_key("a", "bc")
    assert content_key("ab", "c") == content_key("ab", "c")


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(place: Path) -> None:
        made.append(place)
        place.mkdir()
        (place / "whole").touch()

    assert made_once(tmp_path / "a" / "folder", make) == tmp_path / "a" / "folder"
    assert made_once(tmp_path / "a" / "folder", make) == tmp_path / "a" / "folder"
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "a" / "folder").iterdir()] == ["whole"]


def test_a_failed_make_leaves_nothing(tmp_path: Path) -> None:
    def fail(place: Path) -> None:
        place.mkdir()
        (place / "half").touch()
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        made_once(tmp_path / "folder", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.lock"]


def test_what_an_interrupted_maker_left_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / "folder.partial").mkdir()
    (tmp_path / "folder.partial" / "half").touch()
    made_once(tmp_path / "folder", lambda place: place.mkdir())
    assert not list((tmp_path / "folder").iterdir())


def test_parallel_makers_make_it_once(tmp_path: Path) -> None:
    makers = 4
    began = threading.Barrier(makers)
    made: list[Path] = []

    def make(place: Path) -> None:
        made.append(place)
        place.mkdir()
        (place / "whole").touch()

    def run(_: int) -> bool:
        began.wait()
        return (made_once(tmp_path / "folder", make) / "whole").exists()

    with ThreadPoolExecutor(makers) as pool:
        assert list(pool.map(run, range(makers))) == [True] * makers
    assert len(made) == 1


def test_a_cache_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MissingTool, match="the cache cannot be written") as seen:
        made_once(tmp_path / "file" / "folder", lambda place: place.mkdir())
    assert "BLACKSTART_CACHE" in seen.value.hint


def test_private_files_are_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret"
    write_private(file, "shh")
    assert file.read_text() == "shh"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
