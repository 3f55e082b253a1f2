"""A policy no longer covers what it was made for: the login works, and reading the secret is denied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from blackstart.faults.vault.operating import Operator, TeamFault
from blackstart.faults.vault.watching import secret_probe
from blackstart.replica.components.vault_content import SECRETS, team_policy

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Probe, Replica

__all__ = ["VaultPolicyNarrowed"]


class VaultPolicyNarrowed(TeamFault):
    """Rewrite a policy so that it covers what lies below the team's secret, and no longer the secret itself."""

    name: ClassVar[str] = "vault.policy-narrowed"
    summary: ClassVar[str] = (
        "narrows teams' policies by a slash too many: they log in, and may not read their secret"
    )
    turns_red: ClassVar[str] = "{target}-secret-{team}"
    seen: ClassVar[str] = (
        "deploys stop at the secret with 403 permission denied, after a login that works; "
        "bao policy read TEAM grants secret/data/TEAM/* in place of secret/data/TEAM"
    )
    fix: ClassVar[str] = (
        """write the policy anew: echo 'path "secret/data/TEAM" { capabilities = ["read"] }' | bao policy write TEAM -"""
    )
    undone: ClassVar[str] = "writes the policies as they were"
    holds: ClassVar[tuple[str, ...]] = ("{target}/policies",)
    broken: ClassVar[str] = "narrowed in its policies"

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """The texts of the policies: they are no secret."""
        found = {name: vault.find(f"sys/policies/acl/{name}") for name in self.teams(vault)}
        return {"policies": {name: policy["policy"] for name, policy in found.items() if policy}}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        for name in undo["policies"]:
            _write(vault, name, team_policy(f"{name}/*"))

    def mend(self, vault: Operator, undo: Undo) -> None:
        """Put the old text back, save where people have written one that does."""
        for name, text in undo["policies"].items():
            if not _may_read(vault, name):
                _write(vault, name, text)

    def whole(self, vault: Operator, undo: Undo) -> bool:
        return all(_may_read(vault, name) for name in undo["policies"])

    def probe(self, replica: Replica, target: str) -> Probe:
        return secret_probe(replica, target, self.team, self.probe_name(target, ""))


def _write(vault: Operator, name: str, text: str) -> None:
    vault.call("PUT", f"sys/policies/acl/{name}", {"policy": text})


def _may_read(vault: Operator, name: str) -> bool:
    """Whether a token of that policy could; a batch token is asked about, which leaves nothing behind."""
    wanted = {"policies": [name], "type": "batch", "ttl": "1m", "no_default_policy": True}
    token = vault.call("POST", "auth/token/create-orphan", wanted)["auth"]["client_token"]
    path = f"{SECRETS}/data/{name}"
    able = vault.call("POST", "sys/capabilities", {"token": token, "paths": [path]})
    return "read" in able[path]
