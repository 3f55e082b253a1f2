"""The accounts of the registry's token server: who may pull, who may push, and until when.

They lie in one JSON file, {"users": [{"name", "pass", "access": "read" or "write", "expires"}]}. It is looked at
again whenever it has changed, as Distribution does with its password file.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blackstart.replica.programs.files import replaced

__all__ = ["ACCOUNTS", "Account", "Accounts", "Grant", "granted"]

ACCOUNTS = "accounts.json"

ALLOWED = {"read": ("pull",), "write": ("pull", "push", "delete")}
"""What each access allows, on every repository: teams share their base layers."""


@dataclass(frozen=True, slots=True)
class Account:
    """`expires` is a moment (UTC, ISO 8601), None for never."""

    name: str
    password: str
    access: str
    expires: str | None = None

    def accepts(self, password: str) -> bool:
        """Whether it is the right password of an account that has not expired."""
        if not hmac.compare_digest(self.password.encode(), password.encode()):
            return False
        return self.expires is None or datetime.now(UTC) < datetime.fromisoformat(self.expires)


class Accounts:
    """The file as it is now. No file: no accounts. ValueError or KeyError when it is damaged."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._seen: tuple[int, int] | None = None
        self._known: dict[str, Account] = {}

    def find(self, name: str, password: str) -> Account | None:
        account = self._now().get(name)
        return account if account and account.accepts(password) else None

    def _now(self) -> Mapping[str, Account]:
        try:
            status = self.file.stat()
        except FileNotFoundError:
            return {}
        seen = (status.st_mtime_ns, status.st_ino)
        if seen != self._seen:
            self._known, self._seen = _read(self.file), seen
        return self._known

    def write(self, accounts: Iterable[Account]) -> None:
        """Put these in the place of all there are. OSError when that cannot be."""
        replaced(self.file, json.dumps({"users": [_document(each) for each in accounts]}, indent=1).encode())


def _read(file: Path) -> dict[str, Account]:
    users = json.loads(file.read_text("utf-8"))["users"]
    return {
        user["name"]: Account(user["name"], user["pass"], user["access"], user.get("expires"))
        for user in users
    }


def _document(account: Account) -> dict[str, Any]:
    whole = {"name": account.name, "pass": account.password, "access": account.access}
    return whole if account.expires is None else {**whole, "expires": account.expires}


Grant = dict[str, Any]
"""What a token allows on one repository: {"type": "repository", "name": ..., "actions": [...]}."""


def granted(account: Account, scopes: Iterable[str]) -> list[Grant]:
    """What an account gets of the scopes that it asks for ("repository:payments:pull,push"); other types: nothing."""
    asked = [scope.split(":") for text in scopes for scope in text.split()]
    grants = []
    for parts in asked:
        if len(parts) == 3 and parts[0] == "repository":
            actions = [each for each in parts[2].split(",") if each in ALLOWED.get(account.access, ())]
            grants.append({"type": parts[0], "name": parts[1], "actions": actions})
    return grants
