"""Some of what is sent never arrives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from blackstart.faults.network.link import LinkFault, everywhere
from blackstart.faults.network.toxic import Direction, Toxic
from blackstart.source import Duration

__all__ = ["NetworkLoss"]


class NetworkLoss(LinkFault):
    """Lose some of what passes: pieces of a connection's stream; over UDP whole datagrams."""

    name: ClassVar[str] = "network.loss"
    summary: ClassVar[str] = "some of what is sent to or from a component is lost"
    turns_red: ClassVar[str] = "{target}-loss"
    within_s: ClassVar[float] = 10.0
    asks: ClassVar[int] = 6
    """At the default rate all of six answers arrive in one reading of sixty-four."""
    tries: ClassVar[int] = 1
    seen: ClassVar[str] = (
        "some requests are answered as ever, others never or in part; trying again helps, sometimes"
    )
    grows_by: ClassVar[tuple[str, ...]] = ("rate",)

    rate: float = Field(default=0.5, ge=0.1, le=1, description="which part is lost: 0.5 is every other piece")
    stream: Direction = Field(default="downstream", description="what is lost: requests, answers, or both")
    limit: Duration = Field(
        default=0.3,
        gt=0,
        le=0.3,
        description="the probe is red when one of six answers takes longer than this",
    )

    def limit_s(self) -> float:
        return self.limit

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        if protocol == "udp":
            return everywhere(self.stream, "drop", {"rate": self.rate})
        return everywhere(self.stream, "packet_loss", {"loss_rate": self.rate})
