from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.network.reset import NetworkReset

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
FAULT = NetworkReset()
FOR_PAYMENTS = NetworkReset(clients=("payments",))

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
def test_a_client_sees_a_reset(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    host, _, port = replica.components()["vault"].endpoint.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=LIMIT_S) as connection:
            connection.settimeout(LIMIT_S)
            connection.sendall(b"GET /v1/sys/health HTTP/1.1\r\nHost: vault\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
    finally:
        FAULT.heal(replica, "vault", undo)


@pytest.mark.replica
def test_there_is_nothing_to_reset_over_udp(replica: LocalReplica) -> None:
    assert not FAULT.suits("dns")
    assert FAULT.toxics("udp") == []


def test_values_that_make_no_sense() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        NetworkReset.model_validate({"after": "2s"})
