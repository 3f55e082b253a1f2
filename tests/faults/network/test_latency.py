from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.network.latency import NetworkLatency

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = NetworkLatency()
FOR_PAYMENTS = NetworkLatency(clients=("payments",))

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["dns", "registry", "orders"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], target: str
) -> None:
    prove_fault(FAULT, replica, target, fix=fixing(f"network restore {target}"), another=another)


@pytest.mark.replica
def test_for_one_client_only(replica: LocalReplica, fixing: Fixing) -> None:
    prove_fault(FOR_PAYMENTS, replica, "vault", fix=fixing("network restore vault"))


@pytest.mark.replica
@pytest.mark.parametrize("stream", ["upstream"])
def test_either_way(replica: LocalReplica, stream: str) -> None:
    prove_fault(NetworkLatency.model_validate({"stream": stream}), replica, "dns")


@pytest.mark.replica
def test_only_those_clients_are_slow(replica: LocalReplica) -> None:
    undo = FOR_PAYMENTS.prepare(replica, "vault")
    FOR_PAYMENTS.inject(replica, "vault", undo)
    try:
        probe = FOR_PAYMENTS.probe(replica, "vault")
        others = NetworkLatency(clients=("orders",)).probe(replica, "vault")
        assert probe is not None
        assert others is not None
        assert probe.name == "vault-latency-for-payments"
        assert probe.read().reason == "no whole answer within 300 ms"
        assert others.read().state == "green"
    finally:
        FOR_PAYMENTS.heal(replica, "vault", undo)


@pytest.mark.replica
def test_a_ramp_makes_it_grow_in_place(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.model_copy(update={"latency": 0.01}).inject(replica, "vault", undo)
    FAULT.inject(replica, "vault", undo)
    try:
        (toxic,) = replica.proxy.toxics("vault")
        assert toxic["name"] == "blackstart-latency-downstream"
        assert toxic["attributes"]["latency"] == 1000
    finally:
        FAULT.heal(replica, "vault", undo)


@pytest.mark.replica
def test_datagrams_are_late_too(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "dns")
    assert undo["toxics"] == {
        "dns": ["blackstart-latency-downstream"],
        "dns-udp": ["blackstart-latency-downstream"],
    }
    FAULT.inject(replica, "dns", undo)
    try:
        assert [toxic["type"] for toxic in replica.proxy.toxics("dns-udp")] == ["delay"]
        assert [toxic["type"] for toxic in replica.proxy.toxics("dns")] == ["latency"]
    finally:
        FAULT.heal(replica, "dns", undo)


@pytest.mark.replica
def test_clients_in_containers_need_one_that_a_probe_can_be(
    replica: LocalReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "address_of", {"payments": "192.0.2.21", "people": "127.0.1.9"}.get)
    with pytest.raises(
        ReplicaError, match=r"^network\.latency for payments: its probe would have to ask from"
    ):
        FOR_PAYMENTS.prepare(replica, "vault")
    both = NetworkLatency(clients=("payments", "people"))
    assert both.source(replica) == "127.0.1.9"
    assert both.prepare(replica, "vault")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"latency": "200ms"}, "a duration needs a number and a unit"),
        ({"latency": "0.2s"}, "the limit must be shorter than the latency"),
        ({"latency": "61s"}, "less than or equal to 60"),
        ({"latency": "2s", "limit": "1s"}, "less than 1"),
        ({"stream": "sideways"}, "'upstream', 'downstream' or 'both'"),
        ({"clients": ["nobody"]}, "Input should be 'people', 'probes', 'resolver', 'payments'"),
    ],
)
def test_values_that_make_no_sense(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NetworkLatency.model_validate(params)


def test_it_holds_its_kind_for_each_client() -> None:
    assert FAULT.resources("vault") == {"vault/network/latency"}
    two = NetworkLatency(clients=("payments", "orders"))
    assert two.resources("vault") == {"vault/network/latency/payments", "vault/network/latency/orders"}
    assert two.probe_name("vault", "vault") == "vault-latency-for-payments-orders"
