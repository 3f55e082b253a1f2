from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.vault.seal import VaultSeal
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
FAULT = VaultSeal()

pytestmark = pytest.mark.replica


Complaints = Callable[[], dict[str, str]]

SEALED = {
    "vault": "503 Vault is sealed",
    "ship": "login: 503 Vault is sealed",
    "authenticate": "503 Vault is sealed",
}


def test_sealed_and_healed(replica: LocalReplica, complaints: Complaints) -> None:
    undo = json.loads(json.dumps(FAULT.prepare(replica, "vault")))
    assert complaints() == {}, "preparing touches nothing"
    FAULT.inject(replica, "vault", undo)
    assert complaints() == SEALED, "what runs keeps running; what is new does not come up"
    deploy = replica.exec("vault", ["deploy", "orders"])
    assert deploy.exit_code == 1
    assert "FAIL login: 503 Vault is sealed" in deploy.stdout
    assert replica.exec("vault", ["bao", "status"]).exit_code == 2
    FAULT.heal(replica, "vault", undo)
    assert complaints() == {}
    FAULT.heal(replica, "vault", undo)
    assert complaints() == {}


def test_it_keeps_its_contract(
    replica: LocalReplica,
    fixing: Callable[[str], Callable[[], None]],
    another: Callable[[], LocalReplica],
) -> None:
    line = 'for share in 1 3; do bao operator unseal "$(cat ~/unseal-keys/$share)"; done'
    prove_fault(FAULT, replica, "vault", fix=fixing(line), another=another)


def test_one_share_is_not_enough(replica: LocalReplica, people: Callable[[str], str]) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    assert "Unseal Progress    1/2" in people('bao operator unseal "$(cat ~/unseal-keys/2)"')
    assert not FAULT.gone(replica, "vault", undo)
    FAULT.heal(replica, "vault", undo)
    assert FAULT.gone(replica, "vault", undo)


def test_another_process_heals_it_from_the_ledger_alone(
    replica: LocalReplica, complaints: Complaints
) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    code = (
        "import json, sys\n"
        "from blackstart.faults.vault.seal import VaultSeal\n"
        "VaultSeal().heal(None, 'vault', json.loads(sys.argv[1]))\n"
    )
    subprocess.run([sys.executable, "-c", code, json.dumps(undo)], check=True)
    assert complaints() == {}


def test_a_restarted_vault_is_healed_too(replica: LocalReplica, complaints: Complaints) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    replica.kill("vault")
    FAULT.heal(replica, "vault", undo)  # where nothing runs, nothing can be done
    assert not FAULT.gone(replica, "vault", undo), "nobody can say so while it does not run"
    replica.start("vault")
    FAULT.heal(replica, "vault", undo)
    assert wait_until(lambda: complaints() == {}, LIMIT_S)


def test_one_that_does_not_run_cannot_be_sealed(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    replica.kill("vault")
    try:
        with pytest.raises(ReplicaError, match=r"could not be sealed \(vault.seal\): connection refused$"):
            FAULT.inject(replica, "vault", undo)
    finally:
        replica.start("vault")
