from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults import catalogue
from blackstart.faults.vault.operating import EVERY, Operator, TeamFault
from blackstart.faults.vault.policy_narrowed import VaultPolicyNarrowed
from blackstart.faults.vault.watching import keyring_of
from blackstart.replica.asking import Refused
from blackstart.replica.components.vault_keyring import AUTOMATION_TOKEN
from blackstart.replica.layout import CANARY, TEAMS
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.components.vault import VaultClient
    from blackstart.replica.components.vault_keyring import Keyring
    from blackstart.replica.local import LocalReplica

Broken = Callable[["Fault"], AbstractContextManager["Undo"]]

NAMES = [name for name in catalogue.names() if name.startswith("vault.")]
IN_ITS_DATA = [name for name in NAMES if name not in ("vault.seal", "vault.audit-blocked")]
"""Faults that a restart does not mend, for they lie in what Vault stores."""


def test_the_family() -> None:
    assert len(NAMES) == 11
    assert all(catalogue.load(name).kinds == ("vault",) for name in NAMES)
    assert get_args(TeamFault.model_fields["team"].annotation) == (EVERY, *sorted([*TEAMS, CANARY]))


@pytest.mark.replica
@pytest.mark.parametrize("name", NAMES)
def test_the_undo_holds_no_secret(replica: LocalReplica, keyring: Keyring, name: str) -> None:
    undo = json.dumps(catalogue.load(name)().prepare(replica, "vault"))
    secrets = [keyring.root_token, *keyring.keys]
    secrets += [replica.keyring().with_name(AUTOMATION_TOKEN).read_text().strip()]
    secrets += [id for credentials in keyring.roles.values() for id in credentials]
    secrets += [value for secret in keyring.secrets.values() for value in secret.values()]
    assert [secret for secret in secrets if secret in undo] == []


@pytest.mark.replica
@pytest.mark.parametrize("name", IN_ITS_DATA)
def test_what_lies_in_its_data_outlives_a_restart_and_is_healed_after_it(
    replica: LocalReplica, complaints: Callable[[], dict[str, str]], name: str
) -> None:
    fault = catalogue.load(name)()
    undo = fault.prepare(replica, "vault")
    fault.inject(replica, "vault", undo)
    replica.kill("vault")
    fault.heal(replica, "vault", undo)  # nothing can be done where nothing runs, and that is no error
    assert not fault.gone(replica, "vault", undo), "nobody can say so while it does not run"
    replica.start("vault")
    assert not fault.gone(replica, "vault", undo)
    fault.heal(replica, "vault", undo)
    assert fault.gone(replica, "vault", undo)
    assert complaints() == {}


@pytest.mark.replica
def test_a_vault_that_somebody_sealed_meanwhile_is_opened_to_be_mended(
    broken: Broken, root: VaultClient, replica: LocalReplica
) -> None:
    fault = VaultPolicyNarrowed()
    with broken(fault) as undo:
        root.seal()
        assert not fault.gone(replica, "vault", undo), "nobody can say so while it is sealed"


@pytest.mark.replica
def test_what_is_broken_already_is_refused(broken: Broken, replica: LocalReplica) -> None:
    fault = VaultPolicyNarrowed()
    with broken(fault):
        with pytest.raises(ReplicaError, match="is narrowed in its policies already") as refused:
            fault.prepare(replica, "vault")
        assert refused.value.hint.startswith("mend it first: write the policy anew")


@pytest.mark.replica
def test_keys_that_are_gone(replica: LocalReplica, tmp_path: Path) -> None:
    fault = VaultPolicyNarrowed()
    undo = {**fault.prepare(replica, "vault"), "keyring": str(tmp_path / "none")}
    with pytest.raises(ReplicaError, match=r"Vault's keys cannot be read: .*No such file"):
        fault.heal(replica, "vault", undo)
    assert not fault.gone(replica, "vault", undo)


@pytest.mark.replica
def test_a_mount_that_cannot_be_moved(replica: LocalReplica, root: VaultClient) -> None:
    vault = Operator(VaultPolicyNarrowed().prepare(replica, "vault"))
    with pytest.raises(Refused, match="no matching mount"):
        vault.move("nowhere", "elsewhere")


@pytest.mark.parametrize("name", NAMES)
def test_a_replica_without_the_keys_is_refused_before_anything_happens(tmp_path: Path, name: str) -> None:
    fake = FakeReplica(["vault"], tmp_path)
    with pytest.raises(ReplicaError, match=f"does not hold Vault's keys: {name} could not be undone"):
        catalogue.load(name)().prepare(fake, "vault")
    with pytest.raises(ReplicaError, match="does not hold Vault's keys"):
        keyring_of(fake)
