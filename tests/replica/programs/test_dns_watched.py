from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.replica.programs.dns_watched import Watched

if TYPE_CHECKING:
    import pytest


def number(file: Path) -> int:
    return int(file.read_text())


def test_a_watched_file_comes_changes_and_goes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    watched = Watched(file, number, -1)
    assert watched.now() == -1
    for value in (1, 22):
        beside = tmp_path / "beside"
        beside.write_text(str(value))
        os.replace(beside, file)
        assert watched.now() == value
    file.unlink()
    assert watched.now() == -1


def test_what_cannot_be_read_leaves_the_old_in_force_and_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    watched = Watched(file, number, -1)
    assert watched.now() == 1
    capsys.readouterr()
    file.write_text("nonsense")
    assert (watched.now(), watched.now()) == (1, 1)
    assert capsys.readouterr().err.count("file cannot be read, the old one stays") == 1


def test_some_are_read_in_silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    assert Watched(file, number, -1, tell=False).now() == 1
    assert capsys.readouterr().err == ""
