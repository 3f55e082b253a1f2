from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.resolver_dead import DnsResolverDead

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica
    from blackstart.replica.programs.dnsclient import Answer

FAULT = DnsResolverDead()

Ask = Callable[..., "Answer"]
Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "resolver", fix=fixing("service start resolver"), another=another)


@pytest.mark.replica
def test_the_authority_lives(replica: LocalReplica, people: People, answer: Ask) -> None:
    undo = FAULT.prepare(replica, "resolver")
    FAULT.inject(replica, "resolver", undo)
    try:
        assert "resolve: timed out" in people("resolve vault")
        assert answer("dns", "_vault._tcp").answers
    finally:
        FAULT.heal(replica, "resolver", undo)
    assert people("resolve vault") == "127.0.0.1\n"


@pytest.mark.replica
def test_with_the_authority_dead_too_it_would_be_another_fault(replica: LocalReplica) -> None:
    replica.kill("dns")
    try:
        with pytest.raises(ReplicaError, match="dns does not answer either: timed out"):
            FAULT.prepare(replica, "resolver")
    finally:
        replica.start("dns")
