from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.secret_ids_revoked import VaultSecretIdsRevoked

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]
Fixing = Callable[[str], Callable[[], None]]
Another = Callable[[], "LocalReplica"]

ONE = 'bao write auth/approle/role/$role/custom-secret-id secret_id="$(cat ~/secret-ids/$role)"'
EVERYBODY = f"for role in $(ls ~/secret-ids); do {ONE}; done"

pytestmark = pytest.mark.replica


def test_it_keeps_its_contract(replica: LocalReplica, fixing: Fixing, another: Another) -> None:
    prove_fault(VaultSecretIdsRevoked(), replica, "vault", fix=fixing(EVERYBODY), another=another)


def test_it_keeps_its_contract_for_one_team(replica: LocalReplica, fixing: Fixing, another: Another) -> None:
    fault = VaultSecretIdsRevoked(team="search")
    prove_fault(fault, replica, "vault", fix=fixing(f"role=search; {ONE}"), another=another)


def test_no_credentials_work_and_no_role_is_locked_by_trying(
    broken: Broken, complaints: Callable[[], dict[str, str]], people: Callable[[str], str]
) -> None:
    with broken(VaultSecretIdsRevoked()):
        for _ in range(6):  # Vault's own default locks a role after five
            assert complaints() == {
                "vault": "400 invalid role or secret ID",
                "ship": "login: 400 invalid role or secret ID",
                "authenticate": "400 invalid role or secret ID",
            }
        assert "No value found at auth/approle/role/orders/secret-id" in people(
            "bao list auth/approle/role/orders/secret-id"
        )


def test_one_teams_ids_are_nobody_elses_trouble(
    broken: Broken, complaints: Callable[[], dict[str, str]], people: Callable[[str], str]
) -> None:
    with broken(VaultSecretIdsRevoked(team="search")):
        assert complaints() == {}
        assert "FAIL login: 400 invalid role or secret ID" in people("deploy search")


def test_it_is_not_over_when_one_of_them_is_registered(
    broken: Broken, replica: LocalReplica, people: Callable[[str], str]
) -> None:
    fault = VaultSecretIdsRevoked()
    probe = fault.probe(replica, "vault")
    with broken(fault) as undo:
        people(f"role=payments; {ONE}")
        assert not fault.gone(replica, "vault", undo)
        assert probe.read().reason == "orders: 400 invalid role or secret ID"
    assert probe.read().state == "green"
