"""The long-lived token of an automation is revoked; the file it lies in still holds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from blackstart.faults.vault.operating import Operator, VaultFault
from blackstart.faults.vault.watching import automation_probe
from blackstart.replica.cached import write_private
from blackstart.replica.components.vault_content import AUTOMATION, automation_token
from blackstart.replica.components.vault_keyring import AUTOMATION_TOKEN

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Probe, Replica

__all__ = ["VaultTokenRevoked"]


class VaultTokenRevoked(VaultFault):
    """Revoke the token in the automation's file, as a clean-up of old tokens would.

    The automation is the platform's inventory of secrets. Its one run a second is the probe that this fault
    brings: it reads the token from the file and lists the secrets' names by it.
    """

    name: ClassVar[str] = "vault.token-revoked"
    summary: ClassVar[str] = "revokes the long-lived token that the platform's automation keeps in a file"
    turns_red: ClassVar[str] = "{target}-automation"
    seen: ClassVar[str] = (
        "logins work, and the automation is answered 403 permission denied; "
        f'bao token lookup "$(cat ~/{AUTOMATION_TOKEN})" says bad token'
    )
    fix: ClassVar[str] = (
        f"give it a new one in the same file: bao token create -role={AUTOMATION} -field=token > ~/{AUTOMATION_TOKEN}"
    )
    undone: ClassVar[str] = "creates a new token in the same file"
    holds: ClassVar[tuple[str, ...]] = ("{target}/automation",)
    broken: ClassVar[str] = "without its automation's token"

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """Where the token lies. It is not needed again: healing gives a new one."""
        return {"file": str(Path(str(undo["keyring"])).with_name(AUTOMATION_TOKEN))}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        if self.whole(vault, undo):
            vault.call("POST", "auth/token/revoke", {"token": _token(undo)})

    def mend(self, vault: Operator, undo: Undo) -> None:
        if not self.whole(vault, undo):
            write_private(Path(undo["file"]), automation_token(vault) + "\n")

    def whole(self, vault: Operator, undo: Undo) -> bool:
        """Whether the token in the file is a living one of the automation's policy."""
        token = _token(undo)
        if not token:
            return False
        found = vault.find("auth/token/lookup", method="POST", body={"token": token}, missing=(403, 404))
        return found is not None and AUTOMATION in found["policies"]

    def probe(self, replica: Replica, target: str) -> Probe:
        return automation_probe(replica, target, self.probe_name(target, ""))


def _token(undo: Undo) -> str:
    try:
        return Path(str(undo["file"])).read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
