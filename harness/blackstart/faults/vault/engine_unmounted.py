"""The teams' secrets are gone from their path: the engine that holds them is mounted elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from blackstart.faults.vault.operating import Operator, VaultFault
from blackstart.replica.components.vault_content import SECRETS, mount_secrets, write_secrets

if TYPE_CHECKING:
    from blackstart.faults.base import Undo

__all__ = ["VaultEngineUnmounted"]

AWAY = "secret-retired"


class VaultEngineUnmounted(VaultFault):
    """Move the KV engine away, with all secrets in it: to its users it is unmounted, and no data is lost."""

    undone: ClassVar[str] = "moves the engine back to its path"
    name: ClassVar[str] = "vault.engine-unmounted"
    summary: ClassVar[str] = (
        f"takes the secrets' engine from its path (moved to {AWAY}/ with its data): nobody reads a secret"
    )
    turns_red: ClassVar[str] = "ship"
    seen: ClassVar[str] = (
        "logins work; secrets answer 404 no handler for route; "
        f"bao secrets list shows {AWAY}/ and no {SECRETS}/"
    )
    fix: ClassVar[str] = f"move it back: bao secrets move {AWAY}/ {SECRETS}/"
    holds: ClassVar[tuple[str, ...]] = ("{target}/secrets",)
    broken: ClassVar[str] = "without its secrets' engine"

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """The engine keeps its data wherever it is; nothing else is needed."""
        return {}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        if SECRETS in _engines(vault):
            vault.move(SECRETS, AWAY)

    def mend(self, vault: Operator, undo: Undo) -> None:
        """Move it back. Where people have put an empty one in its place, or destroyed it, it is filled anew."""
        engines = _engines(vault)
        if AWAY in engines and not self.whole(vault, undo):
            if SECRETS in engines:
                vault.call("DELETE", f"sys/mounts/{SECRETS}")
            vault.move(AWAY, SECRETS)
        if SECRETS not in _engines(vault):
            mount_secrets(vault)
        if missing := _missing(vault):
            write_secrets(vault, {name: vault.keyring.secrets[name] for name in missing})

    def whole(self, vault: Operator, undo: Undo) -> bool:
        """Whether the engine is there with everybody's secret in it."""
        return SECRETS in _engines(vault) and not _missing(vault)


def _engines(vault: Operator) -> set[str]:
    return {path.rstrip("/") for path in vault.call("GET", "sys/mounts")["data"]}


def _missing(vault: Operator) -> set[str]:
    found = vault.find(f"{SECRETS}/metadata?list=true")
    return set(vault.keyring.secrets) - set(found["keys"] if found else ())
