from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.replica.programs.dns_policy import FLUSH, PolicyFile, Rule, Watched, flush

if TYPE_CHECKING:
    import pytest

GONE = Rule("a.test", "NXDOMAIN")
SLOW = Rule("a.test", "DELAY", delay_ms=50)
OTHER = Rule("b.test", "SERVFAIL")


def test_rules_come_and_go_one_by_one(tmp_path: Path) -> None:
    policy = PolicyFile(tmp_path)
    assert policy.rules() == ()
    for rule in (GONE, SLOW, OTHER):
        policy.add(rule)
    assert policy.remove("a.test", "NXDOMAIN") == 1
    assert policy.rules() == (SLOW, OTHER)
    assert policy.remove("a.test", "NXDOMAIN") == 0
    assert policy.remove("a.test") == 1
    assert PolicyFile(tmp_path).rules() == (OTHER,)


def test_one_for_the_same_name_and_action_takes_its_place(tmp_path: Path) -> None:
    policy = PolicyFile(tmp_path)
    policy.add(SLOW)
    policy.add(Rule("a.test", "DELAY", delay_ms=70))
    assert policy.rules() == (Rule("a.test", "DELAY", delay_ms=70),)


def test_taking_away_what_is_not_there_writes_nothing(tmp_path: Path) -> None:
    assert PolicyFile(tmp_path).remove("a.test") == 0
    assert not PolicyFile(tmp_path).file.exists()


def test_each_order_to_forget_is_another(tmp_path: Path) -> None:
    flush(tmp_path)
    first = (tmp_path / FLUSH).read_text()
    flush(tmp_path)
    assert (tmp_path / FLUSH).read_text() != first


def test_a_watched_file_comes_changes_and_goes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    watched = Watched(file, lambda path: int(path.read_text()), -1)
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
    watched = Watched(file, lambda path: int(path.read_text()), -1)
    assert watched.now() == 1
    capsys.readouterr()
    file.write_text("nonsense")
    assert (watched.now(), watched.now()) == (1, 1)
    assert capsys.readouterr().err.count("file cannot be read, the old one stays") == 1
