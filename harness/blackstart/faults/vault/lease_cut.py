"""Leases are cut short: what a login gives is dead before it is used again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from blackstart.faults.vault.operating import Operator, TeamFault
from blackstart.faults.vault.watching import lease_probe
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Probe, Replica

__all__ = ["VaultLeaseCut"]


class VaultLeaseCut(TeamFault):
    """Set the roles' token TTL to a moment. Tokens given before live on; what starts now loses its own at once."""

    name: ClassVar[str] = "vault.lease-cut"
    summary: ClassVar[str] = "cuts the life of logins' tokens to seconds: they are dead at their next use"
    turns_red: ClassVar[str] = "{target}-lease-{team}"
    within_s: ClassVar[float] = 10.0
    seen: ClassVar[str] = (
        "a login works and seconds later its token is answered 403 permission denied; "
        "bao read auth/approle/role/TEAM shows a token_ttl of seconds"
    )
    fix: ClassVar[str] = "give the roles their day back: bao write auth/approle/role/TEAM token_ttl=24h"
    undone: ClassVar[str] = "gives the roles their tokens' life back"
    holds: ClassVar[tuple[str, ...]] = ("{target}/approle/leases",)
    broken: ClassVar[str] = "cut short in its leases"

    ttl: Duration = Field(default=1, ge=1, le=5, description="how long a login's token lives then")

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """Each role's own TTL, in seconds."""
        return {"ttl_s": {name: _role(vault, name)["token_ttl"] for name in self.teams(vault)}}

    def breaks(self, vault: Operator, undo: Undo) -> None:
        for name in undo["ttl_s"]:
            vault.call("POST", f"auth/approle/role/{name}", {"token_ttl": round(self.ttl)})

    def mend(self, vault: Operator, undo: Undo) -> None:
        for name, ttl_s in undo["ttl_s"].items():
            if _cut(vault, name):
                vault.call("POST", f"auth/approle/role/{name}", {"token_ttl": ttl_s})

    def whole(self, vault: Operator, undo: Undo) -> bool:
        return not any(_cut(vault, name) for name in undo["ttl_s"])

    def probe(self, replica: Replica, target: str) -> Probe:
        return lease_probe(replica, target, self.team, self.probe_name(target, ""), self.ttl + AGE_S)


AGE_S = 1.0
"""The probe uses a token this much later than its life ends: servers count a batch token's age in whole seconds."""

SHORT_S = 600
"""A shorter life than ten minutes is no repair: a slow deploy takes as long. 0 is the server's own default, a month."""


def _role(vault: Operator, name: str) -> Mapping[str, Any]:
    role: Mapping[str, Any] = vault.call("GET", f"auth/approle/role/{name}")["data"]
    return role


def _cut(vault: Operator, name: str) -> bool:
    return 0 < int(_role(vault, name)["token_ttl"]) < SHORT_S
