from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.ttl_zero import DnsTtlZero

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsTtlZero()

Ask = Callable[..., "Answer"]
Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize(
    "line", ["zone ttl 30 _vault._tcp vault", "zone ttl 300 _vault._tcp vault; cache flush"]
)
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, people: People, another: Callable[[], LocalReplica], line: str
) -> None:
    prove_fault(FAULT, replica, "dns", fix=fixing(line), another=another)
    people("zone ttl 30 _vault._tcp vault")


@pytest.mark.replica
def test_nothing_is_kept_so_nothing_outlives_the_authority(
    replica: LocalReplica, answer: Ask, forgetful: Callable[[], None]
) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        forgetful()
        assert answer("resolver", "_vault._tcp").answers[0].ttl == 0
        assert answer("resolver", "_registry._tcp").answers[0].ttl == 30
        replica.kill("dns")
        assert answer("resolver", "_vault._tcp").rcode == "SERVFAIL"
        assert answer("resolver", "_registry._tcp").rcode == "NOERROR", "other names live on in the cache"
    finally:
        replica.start("dns")
        seen = FAULT.probe(replica, "dns").read().reason
        FAULT.heal(replica, "dns", undo)
    assert seen == "dns gives a TTL of 0 s, policy is 5 to 3600 s"


@pytest.mark.replica
def test_half_of_the_records_mended_is_not_enough(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    people("zone ttl 60 vault")
    assert not FAULT.gone(replica, "dns", undo)
    FAULT.heal(replica, "dns", undo)
    try:
        assert FAULT.gone(replica, "dns", undo)
        assert "vault                60 A    127.0.0.1" in people("zone show"), (
            "what people mended stays theirs"
        )
    finally:
        people("zone ttl 30 vault")
