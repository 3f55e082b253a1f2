"""Vault loses its keys: sealed, every auth and secret path answers 503 until enough key shares are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from blackstart.faults.vault.operating import Operator, VaultFault

if TYPE_CHECKING:
    from blackstart.faults.base import Undo

__all__ = ["VaultSeal"]


class VaultSeal(VaultFault):
    """Seal Vault through its own API, as its operator could."""

    name: ClassVar[str] = "vault.seal"
    summary: ClassVar[str] = (
        "seals Vault: logins and secrets answer 503 until it is unsealed with its key shares"
    )
    seen: ClassVar[str] = (
        "logins and secrets answer 503 Vault is sealed; bao status exits 2; sys/health answers 503"
    )
    fix: ClassVar[str] = (
        'two of the three holders of key shares: bao operator unseal "$(cat ~/unseal-keys/1)", and another'
    )
    undone: ClassVar[str] = "unseals Vault with the key shares"
    holds: ClassVar[tuple[str, ...]] = ("{target}/seal",)
    broken: ClassVar[str] = "sealed"

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """The keys are in the keyring; nothing else is needed."""
        return {}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        """Returns once Vault has sealed itself."""
        if not vault.sealed():
            vault.seal()

    def mend(self, vault: Operator, undo: Undo) -> None:
        """Nothing is left to do once it is unsealed."""

    def whole(self, vault: Operator, undo: Undo) -> bool:
        return not vault.sealed()
