from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.refused import DnsRefused

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsRefused()

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
    fault = DnsRefused(service="all")
    prove_fault(fault, replica, "resolver", fix=fixing("policy remove resolver '*'"))
    undo = fault.prepare(replica, "resolver")
    fault.inject(replica, "resolver", undo)
    try:
        assert answer("resolver", "search", "A").rcode == "REFUSED"
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
            "resolve: REFUSED: no SRV record for _vault._tcp.platform.test\n"
        )
        assert people("policy show") == "resolver  _vault._tcp.platform.test REFUSED\n"
        assert "FAIL find vault: REFUSED _vault._tcp.platform.test" in people("deploy search")
        assert FAULT.probe(replica, "resolver").read().reason == "REFUSED _vault._tcp.platform.test"
    finally:
        FAULT.heal(replica, "resolver", undo)
