from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.network.bandwidth import NetworkBandwidth

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = NetworkBandwidth()
FOR_PAYMENTS = NetworkBandwidth(clients=("payments",))

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["registry", "orders"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], target: str
) -> None:
    prove_fault(FAULT, replica, target, fix=fixing(f"network restore {target}"), another=another)


@pytest.mark.replica
def test_for_one_client_only(replica: LocalReplica, fixing: Fixing) -> None:
    prove_fault(FOR_PAYMENTS, replica, "vault", fix=fixing("network restore vault"))


@pytest.mark.replica
def test_a_rate_that_nobody_would_see_is_refused(replica: LocalReplica) -> None:
    with pytest.raises(
        ReplicaError, match=r"^at 1000 KB/s the \d+ bytes that a probe of vault would wait for"
    ):
        NetworkBandwidth(rate=1000).prepare(replica, "vault")


def test_datagrams_have_no_such_thing() -> None:
    assert FAULT.toxics("udp") == []
    assert not FAULT.suits("dns")


@pytest.mark.parametrize(
    ("params", "said"), [({"rate": 0}, "greater than or equal to 1"), ({"rate": 1001}, "1000")]
)
def test_values_that_make_no_sense(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NetworkBandwidth.model_validate(params)
