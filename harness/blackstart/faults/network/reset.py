"""Connections break off with a reset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from blackstart.faults.network.link import DATAGRAMS, LinkFault, everywhere
from blackstart.faults.network.toxic import Direction, Toxic
from blackstart.source import Duration

__all__ = ["NetworkReset"]


class NetworkReset(LinkFault):
    """End connections with a TCP reset, as a firewall or a crashed load balancer does."""

    name: ClassVar[str] = "network.reset"
    summary: ClassVar[str] = "connections to a component are reset"
    spares: ClassVar[tuple[str, ...]] = DATAGRAMS
    seen: ClassVar[str] = "connection reset by peer, also on connections that were open before"

    after: Duration = Field(default=0.0, ge=0, le=1, description="how long a connection lives")
    stream: Direction = Field(default="downstream", description="on which direction's first bytes")

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        if protocol == "udp":
            return []
        return everywhere(self.stream, "reset_peer", {"timeout": round(self.after * 1000)})
