"""A secret was rotated in Vault and nowhere else: it is read without error, and it is wrong."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from blackstart.faults.vault.operating import Operator, TeamFault
from blackstart.faults.vault.watching import secret_probe
from blackstart.replica.components.vault_content import SECRETS, write_secret

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Probe, Replica

__all__ = ["VaultSecretRotated"]

ROTATED = "registry_password"


class VaultSecretRotated(TeamFault):
    """Write a new version of the secret with another registry password, of which the registry has not been told."""

    name: ClassVar[str] = "vault.secret-rotated"
    summary: ClassVar[str] = (
        "writes a new registry password into teams' secrets, unknown to the registry: deploys cannot pull"
    )
    turns_red: ClassVar[str] = "{target}-secret-{team}"
    seen: ClassVar[str] = (
        "logins and secrets work, and deploys stop at the pull token with 401; "
        "bao kv metadata get secret/TEAM shows a version from just now"
    )
    fix: ClassVar[str] = (
        "go back to the version before, for each team: bao kv rollback -mount=secret -version=N TEAM"
    )
    undone: ClassVar[str] = "writes what the teams had as the newest version"
    holds: ClassVar[tuple[str, ...]] = ("{target}/secrets/values",)
    broken: ClassVar[str] = "wrong in its secrets"

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """The wrong passwords that it will write. They open nothing; the right ones stay in the keyring."""
        return {"wrong": {name: secrets.token_hex(16) for name in self.teams(vault)}}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        for name, wrong in undo["wrong"].items():
            if (held := _held(vault, name)).get(ROTATED) != wrong:
                write_secret(vault, name, {**held, ROTATED: wrong})

    def mend(self, vault: Operator, undo: Undo) -> None:
        """Write what the team had, save where people have put something else in place of the wrong value."""
        for name, wrong in undo["wrong"].items():
            if not _right(vault, name, wrong):
                write_secret(vault, name, vault.keyring.secrets[name])

    def whole(self, vault: Operator, undo: Undo) -> bool:
        return all(_right(vault, name, wrong) for name, wrong in undo["wrong"].items())

    def probe(self, replica: Replica, target: str) -> Probe:
        return secret_probe(replica, target, self.team, self.probe_name(target, ""))


def _held(vault: Operator, name: str) -> Mapping[str, str]:
    """The newest version; empty when there is none, or it was deleted."""
    found = vault.find(f"{SECRETS}/data/{name}")
    return found["data"] if found else {}


def _right(vault: Operator, name: str, wrong: str) -> bool:
    return _held(vault, name).get(ROTATED, wrong) != wrong
