"""The machines' secret ids are destroyed, as after an alarm about a leak: nobody's credentials work any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from blackstart.faults.vault.operating import EVERY, Operator, TeamFault
from blackstart.faults.vault.watching import login_probe

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Probe, Replica

__all__ = ["VaultSecretIdsRevoked"]


class VaultSecretIdsRevoked(TeamFault):
    """Destroy every secret id of the roles; the roles themselves stay."""

    name: ClassVar[str] = "vault.secret-ids-revoked"
    summary: ClassVar[str] = "destroys the secret ids of teams' AppRoles: their machines cannot log in"
    turns_red: ClassVar[str] = "{target}-login-{team}"
    seen: ClassVar[str] = (
        "logins answer 400 invalid role or secret ID; bao list auth/approle/role/TEAM/secret-id finds none"
    )
    fix: ClassVar[str] = (
        "register the secret id that the machines hold, from its escrow: bao write "
        'auth/approle/role/TEAM/custom-secret-id secret_id="$(cat ~/secret-ids/TEAM)"'
    )
    undone: ClassVar[str] = "registers the secret ids that the machines hold"
    holds: ClassVar[tuple[str, ...]] = ("{target}/approle/secret-ids",)
    broken: ClassVar[str] = "without its secret ids"

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """Only whose they are: the ids themselves stay in the keyring."""
        return {"roles": list(vault.keyring.roles) if self.team == EVERY else [self.team]}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        for role in undo["roles"]:
            listed = vault.find(f"auth/approle/role/{role}/secret-id?list=true")
            for accessor in listed["keys"] if listed else ():
                body = {"secret_id_accessor": accessor}
                vault.call("POST", f"auth/approle/role/{role}/secret-id-accessor/destroy", body)

    def mend(self, vault: Operator, undo: Undo) -> None:
        for role in undo["roles"]:
            if not _known(vault, role):
                body = {"secret_id": vault.keyring.roles[role][1]}
                vault.call("POST", f"auth/approle/role/{role}/custom-secret-id", body)

    def whole(self, vault: Operator, undo: Undo) -> bool:
        """Whether the secret ids that the machines hold are registered."""
        return all(_known(vault, role) for role in undo["roles"])

    def probe(self, replica: Replica, target: str) -> Probe:
        return login_probe(replica, target, self.team, self.probe_name(target, ""))


def _known(vault: Operator, role: str) -> bool:
    body = {"secret_id": vault.keyring.roles[role][1]}
    found = vault.find(f"auth/approle/role/{role}/secret-id/lookup", method="POST", body=body)
    return bool(found and found.get("secret_id_accessor"))
