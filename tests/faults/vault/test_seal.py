from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.vault.seal import VaultSeal
from blackstart.replica.waiting import wait_until
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
FAULT = VaultSeal()

pytestmark = pytest.mark.replica


def reasons(replica: LocalReplica) -> dict[str, str]:
    readings = {probe.name: probe.read() for probe in replica.probes()}
    return {name: reading.reason for name, reading in readings.items() if reading.state != "green"}


SEALED = {
    "vault": "503 Vault is sealed",
    "ship": "login: 503 Vault is sealed",
    "authenticate": "503 Vault is sealed",
}


def test_sealed_and_healed(replica: LocalReplica) -> None:
    undo = json.loads(json.dumps(FAULT.prepare(replica, "vault")))
    assert reasons(replica) == {}, "preparing touches nothing"
    FAULT.inject(replica, "vault", undo)
    assert reasons(replica) == SEALED, "what runs keeps running; what is new does not come up"
    deploy = replica.exec("vault", ["deploy", "orders"])
    assert deploy.exit_code == 1
    assert "FAIL login: 503 Vault is sealed" in deploy.stdout
    assert replica.exec("vault", ["bao", "status"]).exit_code == 2
    FAULT.heal(replica, "vault", undo)
    assert reasons(replica) == {}
    FAULT.heal(replica, "vault", undo)
    assert reasons(replica) == {}


def test_the_ledger_gets_no_keys(replica: LocalReplica) -> None:
    undo = json.dumps(FAULT.prepare(replica, "vault"))
    keyring = json.loads(replica.keyring().read_text())
    assert all(secret not in undo for secret in [keyring["root_token"], *keyring["keys"]])


def test_people_unseal_it_with_the_shares_in_their_home(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    shell = replica.shell("sme-1")
    for share in ("1", "3"):
        command = f'bao operator unseal "$(cat ~/unseal-keys/{share})"'
        subprocess.run(
            ["bash", "-c", command], env=dict(shell.env), cwd=shell.cwd, check=True, capture_output=True
        )
    assert wait_until(lambda: reasons(replica) == {}, LIMIT_S)
    FAULT.heal(replica, "vault", undo)


def test_another_process_heals_it_from_the_ledger_alone(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    code = (
        "import json, sys\n"
        "from blackstart.faults.vault.seal import VaultSeal\n"
        "VaultSeal().heal(None, 'vault', json.loads(sys.argv[1]))\n"
    )
    subprocess.run([sys.executable, "-c", code, json.dumps(undo)], check=True)
    assert reasons(replica) == {}


def test_a_restarted_vault_is_healed_too(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    replica.kill("vault")
    FAULT.heal(replica, "vault", undo)  # where nothing runs, nothing is sealed
    replica.start("vault")
    FAULT.heal(replica, "vault", undo)
    assert wait_until(lambda: reasons(replica) == {}, LIMIT_S)


def test_one_that_does_not_run_cannot_be_sealed(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    replica.kill("vault")
    try:
        with pytest.raises(ReplicaError, match=r"could not be sealed: connection refused$"):
            FAULT.inject(replica, "vault", undo)
    finally:
        replica.start("vault")


def test_keys_that_are_gone(replica: LocalReplica, tmp_path: Path) -> None:
    undo = {**FAULT.prepare(replica, "vault"), "keyring": str(tmp_path / "none")}
    with pytest.raises(ReplicaError, match=r"Vault's keys cannot be read: .*No such file"):
        FAULT.heal(replica, "vault", undo)


def test_a_replica_without_the_keys_is_refused_before_anything_happens(tmp_path: Path) -> None:
    fake = FakeReplica(["vault"], tmp_path)
    with pytest.raises(ReplicaError, match="does not hold Vault's keys"):
        FAULT.prepare(fake, "vault")
