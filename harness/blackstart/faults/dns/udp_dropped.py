"""Datagrams get lost while connections work: DNS over UDP is dead, over TCP it is well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from blackstart.faults.network.toxic import Toxic, ToxicFault

__all__ = ["DnsUdpDropped"]


class DnsUdpDropped(ToxicFault):
    """Drop each answer over UDP, as a packet filter does after a change of its rules.

    Clients that fall back to TCP after a timeout are few. Those of this replica (services, probes, the resolver,
    `resolve`) go over to TCP only when an answer says that it was cut (RFC 7766, section 5), so they time out.
    """

    name: ClassVar[str] = "dns.udp-dropped"
    summary: ClassVar[str] = "a DNS server's answers over UDP get lost; over TCP it answers"
    kinds: ClassVar[tuple[str, ...]] = ("dns", "resolver")
    ours_only: ClassVar[bool] = True
    seen: ClassVar[str] = (
        "lookups time out, while the server runs, listens, and answers over TCP: what checks the port over TCP says "
        "that all is well"
    )
    holds: ClassVar[tuple[str, ...]] = ("{target}/network/udp",)

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        return [Toxic("drop", "downstream", {"rate": 1.0})] if protocol == "udp" else []
