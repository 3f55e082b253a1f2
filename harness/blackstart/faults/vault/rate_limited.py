"""A rate limit quota on the login, far below what the platform needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from blackstart.faults.vault.operating import Operator, VaultFault
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.faults.base import Undo

__all__ = ["VaultRateLimited"]

QUOTA = "sys/quotas/rate-limit/logins"

ENOUGH_PER_S = 20.0
"""A quota that lets so many logins through each second limits nobody here."""


class VaultRateLimited(VaultFault):
    """Set a quota on the AppRole login. Vault counts each client by its address."""

    name: ClassVar[str] = "vault.rate-limited"
    summary: ClassVar[str] = "limits logins by a quota that is far too low: further ones answer 429"
    seen: ClassVar[str] = (
        "logins answer 429 rate limit quota exceeded, while what does not log in works; "
        f"bao read {QUOTA} shows the quota"
    )
    fix: ClassVar[str] = (
        f"delete the quota: bao delete {QUOTA}; or raise it: bao write {QUOTA} path=auth/approle rate=1000 interval=1s"
    )
    undone: ClassVar[str] = "deletes the quota, or sets back the one that was there"
    holds: ClassVar[tuple[str, ...]] = ("{target}/quotas",)
    broken: ClassVar[str] = "limited in its logins"

    rate: int = Field(
        default=1, ge=1, le=10, description="how many logins each client's address has in an interval"
    )
    interval: Duration = Field(default=3600, ge=600, le=86_400, description="how long an interval is")

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """The quota that was there, if any."""
        return {"quota": _quota(vault)}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        body = {"path": "auth/approle", "rate": self.rate, "interval": round(self.interval)}
        vault.call("POST", QUOTA, body)

    def mend(self, vault: Operator, undo: Undo) -> None:
        if self.whole(vault, undo):
            return
        if undo["quota"]:
            vault.call("POST", QUOTA, undo["quota"])
        else:
            vault.call("DELETE", QUOTA)

    def whole(self, vault: Operator, undo: Undo) -> bool:
        """Whether there is no such quota, or one that lets everybody through."""
        quota = _quota(vault)
        return not quota or quota["rate"] / quota["interval"] >= ENOUGH_PER_S


def _quota(vault: Operator) -> dict[str, Any]:
    found = vault.find(QUOTA)
    return {name: found[name] for name in ("path", "rate", "interval")} if found else {}
