from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.network.timeout import NetworkTimeout

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = NetworkTimeout()
FOR_PAYMENTS = NetworkTimeout(clients=("payments",))

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["resolver", "orders"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], target: str
) -> None:
    prove_fault(FAULT, replica, target, fix=fixing(f"network restore {target}"), another=another)


@pytest.mark.replica
def test_for_one_client_only(replica: LocalReplica, fixing: Fixing) -> None:
    prove_fault(FOR_PAYMENTS, replica, "vault", fix=fixing("network restore vault"))


@pytest.mark.replica
def test_what_a_client_sees(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        seen = {probe.name: probe.read() for probe in replica.probes() if probe.name in ("registry", "vault")}
        assert (seen["registry"].state, seen["registry"].reason) == ("red", "timed out")
        assert seen["vault"].state == "green"
    finally:
        FAULT.heal(replica, "registry", undo)


@pytest.mark.replica
def test_closed_after_a_while(replica: LocalReplica) -> None:
    fault = NetworkTimeout.model_validate({"after": "0.1s"})
    undo = fault.prepare(replica, "registry")
    fault.inject(replica, "registry", undo)
    try:
        probe = next(probe for probe in replica.probes() if probe.name == "registry")
        assert probe.read().reason == "connection closed"
    finally:
        fault.heal(replica, "registry", undo)


def test_with_chosen_clients_it_has_a_probe_of_its_own() -> None:
    assert FAULT.probe_name("vault", "vault") == "vault"
    assert FOR_PAYMENTS.probe_name("vault", "vault") == "vault-for-payments"


def test_values_that_make_no_sense() -> None:
    with pytest.raises(ValidationError, match="a duration needs a number and a unit"):
        NetworkTimeout.model_validate({"after": "-1s"})
