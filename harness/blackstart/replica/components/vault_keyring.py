"""Vault's keys, and what a platform would have in escrow: in one file that only its owner can read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError
from blackstart.replica.cached import write_private
from blackstart.replica.components.vault import KEYRING

if TYPE_CHECKING:
    from blackstart.replica.programs.startpath import Credentials

__all__ = ["AUTOMATION_TOKEN", "Keyring"]

AUTOMATION_TOKEN = "automation-token"
"""The file, beside the keyring, with the long-lived token of the platform's own automation."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """What it takes to operate Vault whatever has happened to it.

    `keys` are the key shares, `roles` each AppRole's role id and secret id, `secrets` what each team and the
    canary read at their start.
    """

    keys: tuple[str, ...]
    root_token: str
    roles: Mapping[str, Credentials]
    secrets: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, file: Path) -> Keyring:
        """ReplicaError when it is not there or is none."""
        try:
            document = json.loads(file.read_text("utf-8"))
            roles = {name: (str(pair[0]), str(pair[1])) for name, pair in document["roles"].items()}
            return cls(tuple(document["keys"]), document["root_token"], roles, document["secrets"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ReplicaError(f"Vault's keys cannot be read: {error}") from error

    @property
    def pull_passwords(self) -> Mapping[str, str]:
        """What each team and the canary pull images with: a part of their secret."""
        return {name: secret["registry_password"] for name, secret in self.secrets.items()}

    @property
    def secret_ids(self) -> Mapping[str, str]:
        """What each role's machines log in with."""
        return {name: secret_id for name, (_, secret_id) in self.roles.items()}

    def write(self, folder: Path) -> None:
        """Into the folder's keyring file, for its owner alone."""
        write_private(folder / KEYRING, json.dumps(asdict(self)))
