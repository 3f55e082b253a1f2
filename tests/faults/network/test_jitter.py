from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.network.jitter import NetworkJitter

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = NetworkJitter()
FOR_PAYMENTS = NetworkJitter(clients=("payments",))

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
def test_it_varies_between_nothing_and_twice_the_jitter(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "resolver")
    FAULT.inject(replica, "resolver", undo)
    try:
        (stream,) = replica.proxy.toxics("resolver")
        (datagrams,) = replica.proxy.toxics("resolver-udp")
        assert (stream["type"], datagrams["type"]) == ("latency", "delay")
        assert {key: stream["attributes"][key] for key in ("latency", "jitter")} == {
            "latency": 500,
            "jitter": 500,
        }
        assert {key: datagrams["attributes"][key] for key in ("delay", "jitter")} == {
            "delay": 500,
            "jitter": 500,
        }
    finally:
        FAULT.heal(replica, "resolver", undo)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"jitter": "0.2s"}, "the limit must be shorter than the jitter"),
        ({"jitter": "31s"}, "less than or equal to 30"),
        ({"limit": "0.6s"}, "less than or equal to 0.5"),
    ],
)
def test_values_that_make_no_sense(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NetworkJitter.model_validate(params)
