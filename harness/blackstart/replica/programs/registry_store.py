"""What lies in the registry's folder: its configuration, its tags and its blobs, as zuul-registry keeps them.

On the compose replica it has the accounts of the token server instead (`registry_accounts`), and where clients find
the registry; the images are in a volume of the Distribution registry, which has no quota.

For whoever works on the registry's machine: its operators, and those who break it in a drill.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.registry_accounts import ACCOUNTS
from blackstart.replica.programs.registry_image import digest_of

__all__ = ["CONFIG", "PUBLISHER", "RegistryStore"]

CONFIG = "registry.json"
PUBLISHER = "publisher"
"""The one account that may push."""

PUBLIC = "public"
"""Where clients find it: the file that says so beside a token server's accounts."""

_SPACE = "_local"
"""zuul-registry's name for the one namespace that a registry without namespaces has."""


class RegistryStore:
    """One registry's folder. Nothing is kept open, and every file is replaced whole.

    Errors: OSError when the folder cannot be read or written, KeyError for an account that there is not.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.accounts_only = (folder / ACCOUNTS).exists()
        self.config = folder / (ACCOUNTS if self.accounts_only else CONFIG)

    # --- images

    def blob(self, digest: str) -> Path:
        return self.folder / "images" / _SPACE / "blobs" / digest / "data"

    def whole(self, digest: str) -> bool:
        """Whether a blob is there and is what its digest says."""
        try:
            return digest_of(self.blob(digest).read_bytes()) == digest
        except FileNotFoundError:
            return False

    def tag(self, image: str, tag: str) -> Path:
        """The file that says, for each media type, which digest a tag points to."""
        return self.folder / "images" / _SPACE / "repos" / image / "manifests" / tag

    def used(self) -> int:
        """Bytes of all blobs: what the quota counts."""
        blobs = (self.folder / "images").glob("*/blobs/*/data")
        return sum(blob.stat().st_size for blob in blobs)

    # --- configuration

    def settings(self) -> dict[str, Any]:
        document = json.loads(self.config.read_text("utf-8"))
        return dict(document if self.accounts_only else document["registry"])

    def save(self, settings: Mapping[str, Any]) -> None:
        document = settings if self.accounts_only else {"registry": settings}
        replaced(self.config, json.dumps(document, indent=1).encode())

    def tell(self, public: tuple[str, int]) -> None:
        """Write down where its clients find a registry that has only its accounts here."""
        replaced(self.folder / PUBLIC, "{}:{}".format(*public).encode())

    def address(self) -> tuple[str, int]:
        """Where its clients find it."""
        told = self.folder / PUBLIC
        url = urlsplit(f"//{told.read_text('ascii')}" if told.exists() else self.settings()["public-url"])
        return str(url.hostname), int(url.port or 80)

    def password(self, account: str) -> str:
        return str(self._account(account)["pass"])

    def accounts(self, access: str) -> dict[str, str | None]:
        """When each account with that access ("read" or "write") expires; None never."""
        users = self.settings()["users"]
        return {user["name"]: user.get("expires") for user in users if user["access"] == access}

    def expired(self, account: str, now: datetime | None = None) -> bool:
        expires = self._account(account).get("expires")
        return expires is not None and datetime.fromisoformat(expires) <= (now or datetime.now(UTC))

    def expire(self, expiries: Mapping[str, str | None]) -> None:
        """Have accounts expire at these moments (UTC, ISO 8601); None never."""
        settings = self.settings()
        settings["users"] = [_expiring(user, expiries) for user in settings["users"]]
        self.save(settings)

    def _account(self, name: str) -> dict[str, Any]:
        for user in self.settings()["users"]:
            if user["name"] == name:
                return dict(user)
        raise KeyError(name)

    def quota(self) -> int | None:
        """How many bytes may be stored; None any number."""
        quota = self.settings()["storage"].get("quota")
        return None if quota is None else int(quota)

    def limit(self, quota: int | None) -> None:
        settings = self.settings()
        settings["storage"] = {**settings["storage"], "quota": quota}
        self.save(settings)


def _expiring(user: Mapping[str, Any], expiries: Mapping[str, str | None]) -> dict[str, Any]:
    if user["name"] not in expiries:
        return dict(user)
    kept = {key: value for key, value in user.items() if key != "expires"}
    expires = expiries[user["name"]]
    return kept if expires is None else {**kept, "expires": expires}
