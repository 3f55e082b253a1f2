from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.secret_rotated import VaultSecretRotated

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.components.vault import VaultClient
    from blackstart.replica.components.vault_keyring import Keyring
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]
Fixing = Callable[[str], Callable[[], None]]
Another = Callable[[], "LocalReplica"]

BEFORE = "$(($(bao kv metadata get -mount=secret $team | awk '/^current_version/ {print $2}') - 1))"
BACK = f"bao kv rollback -mount=secret -version={BEFORE} $team"
EVERYBODY = f"for team in canary orders payments search; do {BACK}; done"

pytestmark = pytest.mark.replica


def held(root: VaultClient, name: str) -> dict[str, str]:
    secret: dict[str, str] = root.call("GET", f"secret/data/{name}")["data"]["data"]
    return secret


def test_it_keeps_its_contract(replica: LocalReplica, fixing: Fixing, another: Another) -> None:
    prove_fault(VaultSecretRotated(), replica, "vault", fix=fixing(EVERYBODY), another=another)


def test_it_keeps_its_contract_for_one_team(replica: LocalReplica, fixing: Fixing, another: Another) -> None:
    fault = VaultSecretRotated(team="orders")
    prove_fault(fault, replica, "vault", fix=fixing(f"team=orders; {BACK}"), another=another)


def test_the_secret_is_read_and_the_registry_does_not_know_it(
    broken: Broken, replica: LocalReplica, complaints: Callable[[], dict[str, str]]
) -> None:
    fault = VaultSecretRotated()
    with broken(fault):
        assert complaints() == {"ship": "pull token: 401 Unauthorized"}
        seen = fault.probe(replica, "vault").read().reason
        assert seen == "payments: the secret is not the one that it was given"


def test_only_the_one_value_is_wrong(broken: Broken, root: VaultClient, keyring: Keyring) -> None:
    with broken(VaultSecretRotated(team="orders")) as undo:
        wrong = {**keyring.secrets["orders"], "registry_password": undo["wrong"]["orders"]}
        assert held(root, "orders") == wrong
        assert held(root, "search") == keyring.secrets["search"]


def test_injected_again_it_writes_no_further_version(
    broken: Broken, replica: LocalReplica, root: VaultClient
) -> None:
    fault = VaultSecretRotated(team="orders")
    with broken(fault) as undo:
        version = root.call("GET", "secret/metadata/orders")["data"]["current_version"]
        fault.inject(replica, "vault", undo)
        assert root.call("GET", "secret/metadata/orders")["data"]["current_version"] == version


def test_a_value_that_people_put_in_its_place_stays(
    broken: Broken, root: VaultClient, keyring: Keyring
) -> None:
    theirs = {**keyring.secrets["orders"], "registry_password": "agreed with the registry"}
    with broken(VaultSecretRotated(team="orders")):
        root.call("POST", "secret/data/orders", {"data": theirs})
    assert held(root, "orders") == theirs
    root.call("POST", "secret/data/orders", {"data": dict(keyring.secrets["orders"])})


def test_a_secret_that_people_deleted_comes_back(broken: Broken, root: VaultClient, keyring: Keyring) -> None:
    with broken(VaultSecretRotated(team="orders")):
        root.call("DELETE", "secret/data/orders")
    assert held(root, "orders") == keyring.secrets["orders"]
