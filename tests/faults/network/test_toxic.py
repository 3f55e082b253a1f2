"""What every fault of the network must get right, shown on one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.network.bandwidth import NetworkBandwidth
from blackstart.faults.network.cut import NetworkCut
from blackstart.faults.network.jitter import NetworkJitter
from blackstart.faults.network.latency import NetworkLatency
from blackstart.faults.network.loss import NetworkLoss
from blackstart.faults.network.reset import NetworkReset
from blackstart.faults.network.slicer import NetworkSlicer
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.faults.network.link import LinkFault
    from blackstart.replica.local import LocalReplica

FAULT = NetworkLatency()


@pytest.mark.replica
@pytest.mark.parametrize(
    "kind",
    [NetworkBandwidth, NetworkCut, NetworkJitter, NetworkLatency, NetworkLoss, NetworkReset, NetworkSlicer],
)
def test_requests_can_be_broken_like_answers(replica: LocalReplica, kind: type[LinkFault]) -> None:
    prove_fault(kind.model_validate({"stream": "both"}), replica, "vault")


@pytest.mark.replica
def test_injecting_twice_adds_it_once(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "payments")
    FAULT.inject(replica, "payments", undo)
    FAULT.inject(replica, "payments", undo)
    try:
        names = [toxic["name"] for toxic in replica.proxy.toxics("payments")]
        assert names == ["blackstart-latency-downstream"]
    finally:
        FAULT.heal(replica, "payments", undo)
    assert all(replica.proxy.toxics(proxy) == [] for proxy in replica.proxies_of("payments"))


@pytest.mark.replica
def test_what_is_there_already_is_refused(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    try:
        with pytest.raises(
            ReplicaError, match="the proxy vault has the toxic blackstart-latency-downstream already"
        ):
            FAULT.prepare(replica, "vault")
    finally:
        FAULT.heal(replica, "vault", undo)


@pytest.mark.replica
def test_toxics_of_others_stay(replica: LocalReplica) -> None:
    replica.proxy.add("vault", "noop", name="somebody's")
    try:
        undo = FAULT.prepare(replica, "vault")
        FAULT.inject(replica, "vault", undo)
        FAULT.heal(replica, "vault", undo)
        assert [toxic["name"] for toxic in replica.proxy.toxics("vault")] == ["somebody's"]
    finally:
        replica.proxy.remove("vault", "somebody's")


@pytest.mark.replica
def test_a_proxy_that_listens_elsewhere_is_another_drills(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    try:
        elsewhere = {**undo, "listens": {"vault": "127.0.0.1:1"}}
        FAULT.heal(replica, "vault", elsewhere)
        assert FAULT.gone(replica, "vault", elsewhere)
        assert not FAULT.gone(replica, "vault", undo), "it was left alone"
    finally:
        FAULT.heal(replica, "vault", undo)


@pytest.mark.replica
def test_healed_with_the_component_gone(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    replica.kill("registry")
    try:
        FAULT.heal(replica, "registry", undo)
        assert FAULT.gone(replica, "registry", undo)
    finally:
        replica.start("registry")


def test_a_replica_without_a_proxy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ReplicaError, match=r"^the replica fake has no fault proxy: its network cannot be broken$"
    ):
        FAULT.prepare(FakeReplica(["vault"], tmp_path), "vault")
