from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.servfail import DnsServfail
from blackstart.replica.programs.dns_policy import PolicyFile, Rule

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsServfail()

Ask = Callable[..., "Answer"]
Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["dns", "resolver"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], target: str
) -> None:
    fix = fixing(f"policy remove {target} _vault._tcp; cache flush")
    prove_fault(FAULT, replica, target, fix=fix, another=another)


@pytest.mark.replica
def test_all_names(replica: LocalReplica, fixing: Fixing, answer: Ask) -> None:
    fault = DnsServfail(service="all")
    prove_fault(fault, replica, "resolver", fix=fixing("policy remove resolver '*'"))
    undo = fault.prepare(replica, "resolver")
    fault.inject(replica, "resolver", undo)
    try:
        assert answer("resolver", "search", "A").rcode == "SERVFAIL"
        assert answer("resolver", "search", "A").answers == ()
    finally:
        fault.heal(replica, "resolver", undo)
    assert answer("resolver", "search", "A").answers


@pytest.mark.replica
def test_what_a_person_sees(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "resolver")
    FAULT.inject(replica, "resolver", undo)
    try:
        assert people("resolve _vault._tcp.platform.test SRV") == (
            "resolve: SERVFAIL: no SRV record for _vault._tcp.platform.test\n"
        )
        assert people("policy show") == "resolver  _vault._tcp.platform.test SERVFAIL\n"
        assert "FAIL find vault: SERVFAIL _vault._tcp.platform.test" in people("deploy search")
        assert FAULT.probe(replica, "resolver").read().reason == "SERVFAIL _vault._tcp.platform.test"
    finally:
        FAULT.heal(replica, "resolver", undo)


@pytest.mark.replica
def test_on_the_authority_the_resolvers_copy_hides_it_for_a_while(
    replica: LocalReplica, answer: Ask, forgetful: Callable[[], None]
) -> None:
    forgetful()  # a copy that it has kept for long might run out meanwhile
    assert answer("resolver", "_vault._tcp").answers
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        assert answer("dns", "_vault._tcp").rcode == "SERVFAIL"
        assert answer("resolver", "_vault._tcp").answers
        forgetful()
        assert answer("resolver", "_vault._tcp").rcode == "SERVFAIL"
    finally:
        FAULT.heal(replica, "dns", undo)
    assert answer("resolver", "_vault._tcp").answers, "nobody keeps a SERVFAIL"


@pytest.mark.replica
def test_it_outlives_a_restart_and_heals_while_the_server_is_away(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "resolver")
    FAULT.inject(replica, "resolver", undo)
    replica.kill("resolver")
    assert not FAULT.gone(replica, "resolver", undo)
    FAULT.heal(replica, "resolver", undo)
    assert FAULT.gone(replica, "resolver", undo)
    replica.start("resolver")
    assert FAULT.probe(replica, "resolver").read().state == "green"


@pytest.mark.replica
def test_other_rules_are_left_alone(replica: LocalReplica) -> None:
    theirs = PolicyFile(replica.data("resolver"))
    theirs.add(Rule("old.platform.test", "NXDOMAIN"))
    undo = FAULT.prepare(replica, "resolver")
    FAULT.inject(replica, "resolver", undo)
    FAULT.heal(replica, "resolver", undo)
    try:
        assert theirs.rules() == (Rule("old.platform.test", "NXDOMAIN"),)
    finally:
        theirs.remove("old.platform.test")


@pytest.mark.replica
def test_a_rule_that_is_there_already_is_refused(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        with pytest.raises(
            ReplicaError, match=r"dns has the rule _vault\._tcp\.platform\.test SERVFAIL already"
        ):
            FAULT.prepare(replica, "dns")
    finally:
        FAULT.heal(replica, "dns", undo)


@pytest.mark.replica
def test_a_folder_that_was_thrown_away_has_nothing_to_heal(replica: LocalReplica, tmp_path: Path) -> None:
    undo = {**FAULT.prepare(replica, "dns"), "folder": str(tmp_path / "none")}
    FAULT.heal(replica, "dns", undo)
    assert FAULT.gone(replica, "dns", undo)


@pytest.mark.replica
def test_a_policy_that_cannot_be_read_cannot_be_healed(replica: LocalReplica, tmp_path: Path) -> None:
    undo = {**FAULT.prepare(replica, "dns"), "folder": str(tmp_path)}
    (tmp_path / "policy.json").write_text("{")
    assert not FAULT.gone(replica, "dns", undo)
    with pytest.raises(ReplicaError, match="the policy of dns cannot be changed: "):
        FAULT.heal(replica, "dns", undo)


def test_one_name_and_all_names_fight() -> None:
    assert FAULT.resources("dns") == {"dns/names/vault"}
    assert DnsServfail(service="all").resources("dns") == {"dns/names"}


@pytest.mark.replica
def test_the_resolvers_copies_run_out_in_drill_time(
    replica: LocalReplica, answer: Ask, forgetful: Callable[[], None]
) -> None:
    forgetful()
    assert answer("resolver", "_vault._tcp").answers
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        (move,) = FAULT.moves(replica, "dns", undo)
        assert (move.after_s, move.ends, move.off) == (30.0, False, False)
        assert answer("resolver", "_vault._tcp").answers
        move.do()
        assert answer("resolver", "_vault._tcp").rcode == "SERVFAIL"
    finally:
        FAULT.heal(replica, "dns", undo)


@pytest.mark.replica
def test_a_resolvers_own_rule_hides_behind_no_copy(replica: LocalReplica) -> None:
    assert FAULT.moves(replica, "resolver", FAULT.prepare(replica, "resolver")) == []
