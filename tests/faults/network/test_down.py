from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.network.down import NetworkDown

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = NetworkDown()

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["dns", "registry", "orders"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], target: str
) -> None:
    prove_fault(FAULT, replica, target, fix=fixing(f"network restore {target}"), another=another)


@pytest.mark.replica
def test_the_process_runs_on(replica: LocalReplica) -> None:
    pid = replica.components()["vault"].pid
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    try:
        assert replica.running("vault")
        assert replica.components()["vault"].pid == pid
        seen = next(probe for probe in replica.probes() if probe.name == "vault").read()
        assert (seen.state, seen.reason) == ("red", "connection refused")
    finally:
        FAULT.heal(replica, "vault", undo)


@pytest.mark.replica
def test_one_that_is_down_already_is_refused(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "dns")
    assert set(undo["listens"]) == {"dns", "dns-udp"}
    replica.proxy.disable("dns-udp")
    try:
        with pytest.raises(ReplicaError, match="the proxy dns-udp is down already: dns cannot be cut off"):
            FAULT.prepare(replica, "dns")
    finally:
        replica.proxy.enable("dns-udp")


@pytest.mark.replica
def test_half_brought_back_is_not_mended(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    replica.proxy.enable("dns")
    assert not FAULT.gone(replica, "dns", undo)
    FAULT.heal(replica, "dns", undo)
    assert FAULT.gone(replica, "dns", undo)
