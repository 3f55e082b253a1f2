"""Vault loses its keys: sealed, every auth and secret path answers 503 until enough key shares are given."""

from __future__ import annotations

import json
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.replica.asking import Refused
from blackstart.replica.components.vault import Keyholder, VaultClient
from blackstart.replica.programs.httpclient import why

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["VaultSeal"]


class VaultSeal(Fault):
    """Seal Vault through its own API, as its operator could."""

    name: ClassVar[str] = "vault.seal"
    summary: ClassVar[str] = (
        "seals Vault: logins and secrets answer 503 until it is unsealed with its key shares"
    )
    kinds: ClassVar[tuple[str, ...]] = ("vault",)
    seen: ClassVar[str] = (
        "logins and secrets answer 503 Vault is sealed; bao status exits 2; sys/health answers 503"
    )
    fix: ClassVar[str] = "two of the three holders of key shares: bao operator unseal"
    holds: ClassVar[tuple[str, ...]] = ("{target}/seal",)

    def prepare(self, replica: Replica, target: str) -> Undo:
        """Where Vault is, and the file with its keys. The keys themselves enter no ledger."""
        return {
            "component": target,
            "endpoint": replica.components()[target].endpoint,
            "keyring": str(_keyring(replica)),
        }

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Returns once Vault has sealed itself. ReplicaError when it refuses or does not answer."""
        client, _ = _client(undo)
        try:
            client.seal()
        except (Refused, OSError, HTTPException) as error:
            raise ReplicaError(f"{target} at {undo['endpoint']} could not be sealed: {why(error)}") from error

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Unseal Vault if it is sealed. ReplicaError when it stays so.

        Where no server runs, nothing is sealed: whoever ended it has a fault of its own in the ledger.
        """
        client, keys = _client(undo)
        try:
            client.unseal(keys)
        except ConnectionRefusedError:
            return
        except (Refused, OSError, HTTPException) as error:
            raise ReplicaError(
                f"{target} at {undo['endpoint']} could not be unsealed: {why(error)}"
            ) from error

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        """Whether Vault is unsealed. One that does not run is not sealed: that is another fault's doing."""
        client, _ = _client(undo)
        try:
            return not client.sealed()
        except ConnectionRefusedError:
            return True
        except (Refused, OSError, HTTPException):
            return False


def _keyring(replica: Replica) -> Path:
    if not isinstance(replica, Keyholder):
        raise ReplicaError(
            f"the replica {replica.name} does not hold Vault's keys: vault.seal could not be undone"
        )
    return replica.keyring()


def _client(undo: Undo) -> tuple[VaultClient, list[str]]:
    """A client with root's token, and the key shares."""
    host, _, port = str(undo["endpoint"]).rpartition(":")
    try:
        keyring = json.loads(Path(str(undo["keyring"])).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReplicaError(f"Vault's keys cannot be read: {error}") from error
    return VaultClient((host, int(port)), keyring["root_token"]), keyring["keys"]
