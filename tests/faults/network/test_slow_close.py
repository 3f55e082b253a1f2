from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.network.slow_close import NetworkSlowClose

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = NetworkSlowClose()
FOR_PAYMENTS = NetworkSlowClose(clients=("payments",))

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
def test_answers_come_in_time(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    try:
        assert next(probe for probe in replica.probes() if probe.name == "vault").read().state == "green"
    finally:
        FAULT.heal(replica, "vault", undo)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"delay": "0.2s"}, "the limit must be shorter than the delay"),
        ({"stream": "upstream"}, "seen by the server alone"),
    ],
)
def test_values_that_make_no_sense(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NetworkSlowClose.model_validate(params)
