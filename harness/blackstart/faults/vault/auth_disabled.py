"""The machine login is gone from its path: whoever logs in is told that permission is denied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from blackstart.faults.vault.operating import Operator, VaultFault
from blackstart.replica.components.vault_content import mount_approle, write_roles

if TYPE_CHECKING:
    from blackstart.faults.base import Undo

__all__ = ["VaultAuthDisabled"]

METHOD = "approle"
AWAY = "approle-retired"


class VaultAuthDisabled(VaultFault):
    """Move the AppRole method away, with all roles in it: to its users it is disabled, and no data is lost."""

    undone: ClassVar[str] = "moves the login back to its path"
    name: ClassVar[str] = "vault.auth-disabled"
    summary: ClassVar[str] = (
        f"takes the AppRole login from its path (moved to {AWAY}/ with its roles): no machine can log in"
    )
    seen: ClassVar[str] = (
        "every login answers 403 permission denied, though no role and no secret id has changed; "
        f"bao auth list shows {AWAY}/ and no {METHOD}/"
    )
    fix: ClassVar[str] = f"move it back: bao auth move auth/{AWAY}/ auth/{METHOD}/"
    holds: ClassVar[tuple[str, ...]] = ("{target}/approle",)
    broken: ClassVar[str] = "without its AppRole method"

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """The roles are in the keyring; nothing else is needed."""
        return {}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        if METHOD in _methods(vault):
            vault.move(f"auth/{METHOD}", f"auth/{AWAY}")

    def mend(self, vault: Operator, undo: Undo) -> None:
        """Move it back. Where people have put an empty one in its place, or destroyed it, the roles are made anew."""
        methods = _methods(vault)
        if AWAY in methods and not self.whole(vault, undo):
            if METHOD in methods:
                vault.call("DELETE", f"sys/auth/{METHOD}")
            vault.move(f"auth/{AWAY}", f"auth/{METHOD}")
        if METHOD not in _methods(vault):
            mount_approle(vault)
        if not self.whole(vault, undo):
            write_roles(vault, vault.keyring.roles)

    def whole(self, vault: Operator, undo: Undo) -> bool:
        """Whether the method is there with every role in it."""
        found = vault.find(f"auth/{METHOD}/role?list=true") if METHOD in _methods(vault) else None
        return found is not None and set(vault.keyring.roles) <= set(found["keys"])


def _methods(vault: Operator) -> set[str]:
    return {path.rstrip("/") for path in vault.call("GET", "sys/auth")["data"]}
