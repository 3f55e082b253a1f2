from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.network.loss import NetworkLoss

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = NetworkLoss()
FOR_PAYMENTS = NetworkLoss(clients=("payments",))

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
def test_datagrams_are_dropped_and_streams_have_holes(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "dns")
    FAULT.inject(replica, "dns", undo)
    try:
        (stream,), (datagrams,) = replica.proxy.toxics("dns"), replica.proxy.toxics("dns-udp")
        assert (stream["type"], stream["attributes"]["loss_rate"]) == ("packet_loss", 0.5)
        assert (datagrams["type"], datagrams["attributes"]["rate"]) == ("drop", 0.5)
    finally:
        FAULT.heal(replica, "dns", undo)


@pytest.mark.parametrize(
    ("params", "said"), [({"rate": 0.05}, "0.1"), ({"rate": 1.5}, "1"), ({"limit": "1s"}, "0.3")]
)
def test_values_that_make_no_sense(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=f"than or equal to {said}"):
        NetworkLoss.model_validate(params)
