"""Connections end after so many bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from blackstart.faults.network.link import DATAGRAMS, LinkFault, everywhere
from blackstart.faults.network.toxic import Direction, Toxic

__all__ = ["NetworkCut"]


class NetworkCut(LinkFault):
    """Let exactly so many bytes of each connection pass, then close it."""

    name: ClassVar[str] = "network.cut"
    summary: ClassVar[str] = "each connection to a component is closed after so many bytes"
    spares: ClassVar[tuple[str, ...]] = DATAGRAMS
    turns_red: ClassVar[str] = "{target}-cut"
    seen: ClassVar[str] = (
        "answers break off in the middle: the connection is closed before the whole has come"
    )

    after_bytes: int = Field(
        default=64,
        ge=0,
        le=100,
        description="how many pass; every request of the probe and every answer is longer",
    )
    stream: Direction = Field(default="downstream", description="what is cut: requests, answers, or both")

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        return [] if protocol == "udp" else everywhere(self.stream, "limit_data", {"bytes": self.after_bytes})
