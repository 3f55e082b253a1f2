from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.negative_cached import DnsNegativeCached
from blackstart.faults.dns.nxdomain import DnsNxdomain
from blackstart.replica.programs.dns_policy import PolicyFile

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsNegativeCached()

Ask = Callable[..., "Answer"]
Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "resolver", fix=fixing("cache flush"), another=another)


@pytest.mark.replica
def test_a_restart_of_the_resolver_mends_it(replica: LocalReplica) -> None:
    def restart() -> None:
        replica.stop("resolver")
        replica.start("resolver")

    prove_fault(FAULT, replica, "resolver", fix=restart)


@pytest.mark.replica
@pytest.mark.parametrize("service", ["registry", "search"])
def test_any_service(replica: LocalReplica, service: str) -> None:
    prove_fault(DnsNegativeCached.model_validate({"service": service}), replica, "resolver")


@pytest.mark.replica
def test_the_record_is_there_and_nobody_hears_of_it(
    replica: LocalReplica, people: People, answer: Ask
) -> None:
    undo = FAULT.prepare(replica, "resolver")
    FAULT.inject(replica, "resolver", undo)
    try:
        assert answer("dns", "_vault._tcp").answers
        no = answer("resolver", "_vault._tcp")
        assert no.rcode == "NXDOMAIN"
        assert no.authority[0].ttl > 80_000, "for a day"
        assert people("policy show").startswith("no rules"), "the authority was only asked once under it"
        people("zone ttl 60 _vault._tcp")
        assert answer("resolver", "_vault._tcp").rcode == "NXDOMAIN", "publishing anew does not help"
    finally:
        FAULT.heal(replica, "resolver", undo)
        people("zone ttl 30 _vault._tcp")


@pytest.mark.replica
def test_what_a_crash_in_the_middle_would_leave_is_healed(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "resolver")
    PolicyFile(replica.data("dns")).add(FAULT.no(undo))
    FAULT.heal(replica, "resolver", undo)
    assert PolicyFile(replica.data("dns")).rules() == ()


@pytest.mark.replica
def test_a_resolver_that_does_not_run_keeps_nothing(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "resolver")
    replica.kill("resolver")
    try:
        with pytest.raises(ReplicaError, match="resolver cannot be given a no: timed out"):
            FAULT.inject(replica, "resolver", undo)
        assert FAULT.gone(replica, "resolver", undo)
        assert PolicyFile(replica.data("dns")).rules() == ()
        FAULT.heal(replica, "resolver", undo)
    finally:
        replica.start("resolver")


@pytest.mark.replica
def test_a_no_that_is_the_truth_is_another_fault(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "resolver")
    other = DnsNxdomain()
    theirs = other.prepare(replica, "dns")
    other.inject(replica, "dns", theirs)
    try:
        with pytest.raises(ReplicaError, match="the resolver's no would be the truth"):
            FAULT.prepare(replica, "resolver")
        assert FAULT.gone(replica, "resolver", undo), "the resolver says what the zone says"
    finally:
        other.heal(replica, "dns", theirs)


@pytest.mark.replica
def test_folders_that_were_thrown_away_have_nothing_to_heal(replica: LocalReplica, tmp_path: Path) -> None:
    undo = FAULT.prepare(replica, "resolver")
    nowhere = str(tmp_path / "none")
    FAULT.heal(replica, "resolver", {**undo, "folder": nowhere, "resolver": nowhere})
