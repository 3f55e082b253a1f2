from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.half_dead import DnsHalfDead

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = DnsHalfDead()

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("line", ["zone remove vault A 127.0.0.9; cache flush", "zone set vault A 127.0.0.1"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], line: str
) -> None:
    prove_fault(FAULT, replica, "dns", fix=fixing(line), another=another)


@pytest.mark.replica
def test_every_other_try_fails(replica: LocalReplica, people: People, forgetful: Callable[[], None]) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        forgetful()
        assert sorted(people("resolve vault").split()) == ["127.0.0.1", "127.0.0.9"]
        login = next(probe for probe in replica.probes() if probe.name == "authenticate")
        assert {login.read().reason for _ in range(6)} == {"", "connection refused"}
        seen = FAULT.probe(replica, "dns").read().reason
        assert seen == "1 of 2 addresses of vault are dead: 127.0.0.9: connection refused"
    finally:
        FAULT.heal(replica, "dns", undo)
    assert people("resolve vault") == "127.0.0.1\n"


@pytest.mark.replica
def test_taking_out_the_one_that_lives_is_no_fix(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    people("zone remove vault A 127.0.0.1")
    assert not FAULT.gone(replica, "dns", undo)
    assert FAULT.probe(replica, "dns").read().reason.startswith("1 of 1 addresses of vault are dead")
    FAULT.heal(replica, "dns", undo)
    assert FAULT.probe(replica, "dns").read().state == "green"


@pytest.mark.replica
def test_a_name_without_any_address_is_red_too(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    people("zone remove vault")
    assert FAULT.probe(replica, "dns").read().reason == "0 of 0 addresses of vault are dead: NXDOMAIN"
    FAULT.heal(replica, "dns", undo)
    assert FAULT.gone(replica, "dns", undo)
