"""Answers come in crumbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, model_validator

from blackstart.faults.network.link import DATAGRAMS, LinkFault, everywhere
from blackstart.faults.network.toxic import Direction, Toxic
from blackstart.source import Duration

__all__ = ["NetworkSlicer"]

SHORTEST = 120
"""Bytes of the shortest request and answer that the probe sees, headers and all; a test compares them."""


class NetworkSlicer(LinkFault):
    """Cut what passes into small pieces with a pause between them."""

    name: ClassVar[str] = "network.slicer"
    summary: ClassVar[str] = "what passes is cut into small pieces with a pause between them"
    spares: ClassVar[tuple[str, ...]] = DATAGRAMS
    turns_red: ClassVar[str] = "{target}-slicer"
    seen: ClassVar[str] = "answers begin at once and dribble in; clients that read once get a part of them"

    size: int = Field(default=10, ge=1, le=60, description="bytes of a piece, on average")
    variation: int = Field(
        default=0, ge=0, le=59, description="by how many bytes a piece is longer or shorter"
    )
    pause: Duration = Field(default=0.05, gt=0, le=10, description="between two pieces")
    stream: Direction = Field(default="downstream", description="what is cut up: requests, answers, or both")
    limit: Duration = Field(
        default=0.3, gt=0, lt=1, description="the probe is red when an answer takes longer than this"
    )

    @model_validator(mode="after")
    def _seen(self) -> NetworkSlicer:
        if self.variation >= self.size:
            raise ValueError("pieces cannot vary by more bytes than they have")
        shortest = SHORTEST // (self.size + self.variation) * self.pause
        if shortest <= self.limit:
            raise ValueError(
                f"what has {SHORTEST} bytes would take {shortest:g} s, within the limit: no probe would see it"
            )
        return self

    def limit_s(self) -> float:
        return self.limit

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        attributes = {
            "average_size": self.size,
            "size_variation": self.variation,
            "delay": round(self.pause * 1_000_000),
        }
        return [] if protocol == "udp" else everywhere(self.stream, "slicer", attributes)
