from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.ttl_day import DnsTtlDay

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsTtlDay()

Ask = Callable[..., "Answer"]
Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica]
) -> None:
    fix = fixing("zone ttl 30 _vault._tcp vault; cache flush")
    prove_fault(FAULT, replica, "dns", fix=fix, another=another)


@pytest.mark.replica
def test_what_the_resolver_has_it_goes_on_saying(replica: LocalReplica, people: People, answer: Ask) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        people("zone set vault A 127.0.0.9; zone ttl 30 _vault._tcp vault")  # it moves, and the TTL is mended
        assert answer("dns", "vault", "A").answers[0].value == "127.0.0.9"
        kept = answer("resolver", "vault", "A").answers[0]
        assert kept.value == "127.0.0.1"
        assert kept.ttl > 80_000
        assert not FAULT.gone(replica, "dns", undo), "the resolver has it still"
        assert FAULT.probe(replica, "dns").read().reason.startswith("resolver gives a TTL of 86")
        people("cache flush")
        assert answer("resolver", "vault", "A").answers[0].value == "127.0.0.9"
        assert FAULT.gone(replica, "dns", undo)
    finally:
        people("zone set vault A 127.0.0.1; cache flush")
        FAULT.heal(replica, "dns", undo)


@pytest.mark.replica
def test_a_resolver_that_was_restarted_has_kept_nothing(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    people("zone ttl 30 _vault._tcp vault")
    replica.kill("resolver")
    assert FAULT.gone(replica, "dns", undo)
    replica.start("resolver")
    assert FAULT.gone(replica, "dns", undo)
    FAULT.heal(replica, "dns", undo)


@pytest.mark.replica
def test_without_a_resolver_nobody_can_keep_it(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "dns")
    replica.kill("resolver")
    try:
        with pytest.raises(ReplicaError, match=r"resolver at .* does not take it: timed out$"):
            FAULT.inject(replica, "dns", undo)
        FAULT.heal(replica, "dns", undo)
    finally:
        replica.start("resolver")
    assert FAULT.probe(replica, "dns").read().state == "green"
