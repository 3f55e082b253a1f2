from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.network.one_way import NetworkOneWay
from blackstart.replica.programs.order import order
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = NetworkOneWay()
FOR_PAYMENTS = NetworkOneWay(clients=("payments",))

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["orders", "dns"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], target: str
) -> None:
    prove_fault(FAULT, replica, target, fix=fixing(f"network restore {target}"), another=another)


@pytest.mark.replica
def test_for_one_client_only(replica: LocalReplica, fixing: Fixing) -> None:
    prove_fault(FOR_PAYMENTS, replica, "vault", fix=fixing("network restore vault"))


@pytest.mark.replica
@pytest.mark.parametrize("target", ["registry"])
def test_requests_lost(replica: LocalReplica, target: str) -> None:
    prove_fault(NetworkOneWay(lost="requests"), replica, target)


@pytest.mark.replica
def test_without_the_answers_what_was_asked_for_is_done(replica: LocalReplica) -> None:
    """A service is deployed anew although whoever ordered it never hears of it."""
    before, service = version(replica), replica.site.services["orders"]
    undo = FAULT.prepare(replica, "orders")
    FAULT.inject(replica, "orders", undo)
    try:
        assert list(order(service.control, service.token, "deploy", timeout_s=LIMIT_S)) == []
    finally:
        FAULT.heal(replica, "orders", undo)
    assert wait_until(lambda: version(replica) not in (before, "-"), LIMIT_S)


def version(replica: LocalReplica) -> str:
    """What of orders serves; "-" when nothing does."""
    return replica.exec("orders", ["teams"]).stdout.splitlines()[1].split()[1]


def test_values_that_make_no_sense() -> None:
    with pytest.raises(ValidationError, match="'requests' or 'answers'"):
        NetworkOneWay.model_validate({"lost": "all"})
