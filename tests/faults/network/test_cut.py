from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.network.cut import NetworkCut

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
FAULT = NetworkCut()
FOR_PAYMENTS = NetworkCut(clients=("payments",))

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
def test_the_answer_breaks_off(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "payments")
    FAULT.inject(replica, "payments", undo)
    host, _, port = replica.components()["payments"].endpoint.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=LIMIT_S) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: payments\r\nConnection: close\r\n\r\n")
            with connection.makefile("rb") as answer:
                assert len(answer.read()) == 64
    finally:
        FAULT.heal(replica, "payments", undo)


@pytest.mark.parametrize("count", [-1, 101])
def test_values_that_make_no_sense(count: int) -> None:
    with pytest.raises(ValidationError, match="than or equal to"):
        NetworkCut.model_validate({"after_bytes": count})
