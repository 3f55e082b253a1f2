"""Answers over UDP arrive cut, so each is asked for again over TCP; and often TCP was never let through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from blackstart.faults.dns.asking import udp_probe
from blackstart.faults.network.toxic import Toxic, ToxicFault

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["DnsTruncated"]


class DnsTruncated(ToxicFault):
    """Cut each answer over UDP (TC), as for a name that grew too many records; with TCP blocked or not.

    With TCP open everything works, at the price of a connection for each question: only its own probe is red.
    """

    name: ClassVar[str] = "dns.truncated"
    summary: ClassVar[str] = "a DNS server's answers over UDP are cut (TC), and TCP is blocked or not"
    kinds: ClassVar[tuple[str, ...]] = ("dns", "resolver")
    ours_only: ClassVar[bool] = True
    turns_red: ClassVar[str] = "{target}-udp"
    seen: ClassVar[str] = (
        "answers over UDP have TC set and nothing in them; with TCP blocked lookups time out, with TCP open they "
        "all work"
    )
    holds: ClassVar[tuple[str, ...]] = ("{target}/network/udp", "{target}/network/tcp")

    tcp: Literal["blocked", "open"] = Field(
        default="blocked", description="what happens to questions that come again over TCP"
    )

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        if protocol == "udp":
            return [Toxic("truncate", "downstream", {})]
        return [Toxic("timeout", "upstream", {"timeout": 0})] if self.tcp == "blocked" else []

    def probe(self, replica: Replica, target: str) -> Probe:
        return udp_probe(self.probe_name(target, ""), replica, target)
