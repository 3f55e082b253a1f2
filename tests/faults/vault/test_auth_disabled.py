from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.auth_disabled import VaultAuthDisabled
from blackstart.replica.components.vault import check_login

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.components.vault import VaultClient
    from blackstart.replica.components.vault_keyring import Keyring
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]

FAULT = VaultAuthDisabled()

pytestmark = pytest.mark.replica


def test_it_keeps_its_contract(
    replica: LocalReplica,
    fixing: Callable[[str], Callable[[], None]],
    another: Callable[[], LocalReplica],
) -> None:
    # bao auth move does this call, and then waits ten seconds to look whether it is done
    line = "bao write sys/remount from=auth/approle-retired to=auth/approle"
    prove_fault(FAULT, replica, "vault", fix=fixing(line), another=another)


def test_every_login_is_denied(
    broken: Broken, complaints: Callable[[], dict[str, str]], people: Callable[[str], str]
) -> None:
    with broken(FAULT):
        assert complaints() == {
            "vault": "403 permission denied",
            "ship": "login: 403 permission denied",
            "authenticate": "403 permission denied",
        }
        listed = people("bao auth list")
        assert "approle-retired/" in listed
        assert "approle/ " not in listed


def test_an_empty_method_that_people_put_in_its_place_gives_way(
    broken: Broken, replica: LocalReplica, root: VaultClient, keyring: Keyring
) -> None:
    with broken(FAULT) as undo:
        root.call("POST", "sys/auth/approle", {"type": "approle"})
        assert not FAULT.gone(replica, "vault", undo)
    for credentials in keyring.roles.values():
        check_login(root.address, credentials, 30.0)


def test_a_method_that_people_destroyed_is_made_anew_with_the_same_credentials(
    broken: Broken, replica: LocalReplica, root: VaultClient, keyring: Keyring
) -> None:
    with broken(FAULT) as undo:
        root.call("DELETE", "sys/auth/approle-retired")
        assert not FAULT.gone(replica, "vault", undo)
    for credentials in keyring.roles.values():
        check_login(root.address, credentials, 30.0)
