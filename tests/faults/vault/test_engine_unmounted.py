from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.engine_unmounted import VaultEngineUnmounted

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.components.vault import VaultClient
    from blackstart.replica.components.vault_keyring import Keyring
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]

FAULT = VaultEngineUnmounted()

pytestmark = pytest.mark.replica


def held(root: VaultClient, name: str) -> object:
    return root.call("GET", f"secret/data/{name}")["data"]["data"]


def test_it_keeps_its_contract(
    replica: LocalReplica,
    fixing: Callable[[str], Callable[[], None]],
    another: Callable[[], LocalReplica],
) -> None:
    # bao secrets move does this call, and then waits ten seconds to look whether it is done
    line = "bao write sys/remount from=secret-retired to=secret"
    prove_fault(FAULT, replica, "vault", fix=fixing(line), another=another)


def test_logins_work_and_no_secret_is_found(
    broken: Broken, complaints: Callable[[], dict[str, str]], people: Callable[[str], str]
) -> None:
    with broken(FAULT):
        route = 'no handler for route "secret/data/canary". route entry not found.'
        assert complaints() == {"ship": f"secret: 404 {route}"}
        assert "secret-retired/" in people("bao secrets list")
        assert "FAIL secret: 404 no handler for route" in people("deploy orders")


def test_an_empty_engine_that_people_put_in_its_place_gives_way(
    broken: Broken, replica: LocalReplica, root: VaultClient, keyring: Keyring
) -> None:
    with broken(FAULT) as undo:
        root.call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
        assert not FAULT.gone(replica, "vault", undo)
    assert {name: held(root, name) for name in keyring.secrets} == keyring.secrets


def test_an_engine_that_people_destroyed_is_filled_anew(
    broken: Broken, replica: LocalReplica, root: VaultClient, keyring: Keyring
) -> None:
    with broken(FAULT) as undo:
        root.call("DELETE", "sys/mounts/secret-retired")
        assert not FAULT.gone(replica, "vault", undo)
    assert {name: held(root, name) for name in keyring.secrets} == keyring.secrets
