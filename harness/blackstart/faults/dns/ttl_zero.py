"""Nobody may keep a service's records: every call costs a question to the authority."""

from __future__ import annotations

from typing import ClassVar

from blackstart.faults.dns.ttls import TtlFault

__all__ = ["DnsTtlZero"]


class DnsTtlZero(TtlFault):
    """A TTL of 0, as set for a move and left behind. All works, until the authority is slow or away for a moment."""

    name: ClassVar[str] = "dns.ttl-zero"
    summary: ClassVar[str] = "a service's records have a TTL of 0: no resolver keeps them"
    seen: ClassVar[str] = (
        "everything works, and each lookup goes through to the authority; when that stops, so does everything, "
        "at once; zone show has the TTL"
    )
    fix: ClassVar[str] = "give the records a TTL again: zone ttl NAME 30"
    ttl_s: ClassVar[int] = 0
