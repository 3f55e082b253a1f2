from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.empty import DnsEmpty

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsEmpty()

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
    fault = DnsEmpty(service="all")
    prove_fault(fault, replica, "resolver", fix=fixing("policy remove resolver '*'"))
    undo = fault.prepare(replica, "resolver")
    fault.inject(replica, "resolver", undo)
    try:
        assert answer("resolver", "search", "A").rcode == "NOERROR"
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
            "resolve: NOERROR: no SRV record for _vault._tcp.platform.test\n"
        )
        assert people("policy show") == "resolver  _vault._tcp.platform.test EMPTY\n"
        assert "FAIL find vault: no SRV record for _vault._tcp.platform.test" in people("deploy search")
        assert FAULT.probe(replica, "resolver").read().reason == "no SRV record for _vault._tcp.platform.test"
    finally:
        FAULT.heal(replica, "resolver", undo)


@pytest.mark.replica
def test_a_resolver_keeps_it_as_any_no(
    replica: LocalReplica, people: People, answer: Ask, forgetful: Callable[[], None]
) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    forgetful()
    assert answer("resolver", "_vault._tcp").answers == ()
    people("policy remove dns _vault._tcp")
    assert answer("dns", "_vault._tcp").answers
    assert answer("resolver", "_vault._tcp").answers == (), "until its time is over"
    people("cache flush")
    assert answer("resolver", "_vault._tcp").answers
    FAULT.heal(replica, "dns", undo)
