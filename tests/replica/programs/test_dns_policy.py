from __future__ import annotations

from pathlib import Path

from blackstart.replica.programs.dns_policy import PolicyFile, Rule

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
