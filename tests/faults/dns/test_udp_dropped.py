from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import dns.message
import dns.query
import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.dns.folders import address_of
from blackstart.faults.dns.udp_dropped import DnsUdpDropped
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.local import LocalReplica

FAULT = DnsUdpDropped()
LIMIT_S = 30.0

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["dns", "resolver"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], target: str
) -> None:
    prove_fault(FAULT, replica, target, fix=fixing(f"network restore {target}"), another=another)


@pytest.mark.replica
def test_over_tcp_it_answers(replica: LocalReplica, people: People) -> None:
    undo = FAULT.prepare(replica, "resolver")
    FAULT.inject(replica, "resolver", undo)
    try:
        host, port = address_of(replica, "resolver")
        question = dns.message.make_query("vault.platform.test", "A")
        assert dns.query.tcp(question, host, port=port, timeout=LIMIT_S).answer
        assert people("resolve vault").startswith("resolve: timed out"), "it asks over UDP alone"
    finally:
        FAULT.heal(replica, "resolver", undo)
    assert people("resolve vault") == "127.0.0.1\n"


def test_a_replica_without_the_proxy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReplicaError, match="the replica fake has no fault proxy"):
        FAULT.prepare(FakeReplica(["dns"], tmp_path), "dns")
