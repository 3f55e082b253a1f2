from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.wrong_address import DnsWrongAddress

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsWrongAddress()

Ask = Callable[..., "Answer"]
Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize(
    "line",
    ["zone set vault A 127.0.0.1; cache flush", "zone add vault A 127.0.0.1; zone remove vault A 127.0.0.9"],
)
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], line: str
) -> None:
    prove_fault(FAULT, replica, "dns", fix=fixing(line), another=another)


@pytest.mark.replica
def test_another_service_and_another_address(replica: LocalReplica) -> None:
    fault = DnsWrongAddress(service="registry", address="127.9.9.9")
    prove_fault(fault, replica, "dns")


@pytest.mark.replica
def test_what_a_person_sees(replica: LocalReplica, people: People, forgetful: Callable[[], None]) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        forgetful()
        assert people("resolve vault") == "127.0.0.9\n"
        assert "FAIL login: connection refused" in people("deploy payments")
        assert people("bao status -format=json").startswith("{"), "Vault itself is well"
        port = replica.components()["vault"].endpoint.rpartition(":")[2]
        seen = FAULT.probe(replica, "dns").read().reason
        assert seen == f"vault is said to be at 127.0.0.9:{port}, it is at 127.0.0.1:{port}"
    finally:
        FAULT.heal(replica, "dns", undo)
    assert people("resolve vault") == "127.0.0.1\n"


@pytest.mark.replica
def test_a_ttl_that_people_changed_meanwhile_stays(
    replica: LocalReplica, people: People, answer: Ask
) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    people("zone set vault A 127.0.0.1; zone ttl 60 vault")
    assert FAULT.gone(replica, "dns", undo)
    FAULT.heal(replica, "dns", undo)
    try:
        assert [record.ttl for record in answer("dns", "vault", "A").answers] == [60]
    finally:
        people("zone ttl 30 vault")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.1.11", "10.0.0.1", "::1", "vault"])
def test_an_address_that_is_used_or_of_another_machine(address: str) -> None:
    with pytest.raises(ValidationError):
        DnsWrongAddress(address=address)
