from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.network.questions import question_of
from blackstart.faults.network.slicer import SHORTEST, NetworkSlicer

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
FAULT = NetworkSlicer()
FOR_PAYMENTS = NetworkSlicer(clients=("payments",))

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
@pytest.mark.parametrize("target", ["vault", "registry", "payments"])
def test_no_request_or_answer_is_shorter_than_said(replica: LocalReplica, target: str) -> None:
    question = question_of(replica, target, replica.address_of("probes"))
    assert min(question(LIMIT_S)) >= SHORTEST


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"size": 0}, "greater than or equal to 1"),
        ({"size": 4, "variation": 4}, "pieces cannot vary by more bytes than they have"),
        ({"pause": "0.01s"}, "what has 120 bytes would take 0.12 s, within the limit"),
    ],
)
def test_values_that_make_no_sense(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NetworkSlicer.model_validate(params)
