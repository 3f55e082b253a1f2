"""Answers take now this long, now that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, model_validator

from blackstart.faults.network.link import LinkFault, everywhere, ms
from blackstart.faults.network.toxic import Direction, Toxic
from blackstart.source import Duration

__all__ = ["NetworkJitter"]


class NetworkJitter(LinkFault):
    """Hold back all that passes, by another time each time: from nothing up to twice the jitter."""

    name: ClassVar[str] = "network.jitter"
    summary: ClassVar[str] = "everything to or from a component arrives later, by another time each time"
    turns_red: ClassVar[str] = "{target}-jitter"
    within_s: ClassVar[float] = 10.0
    asks: ClassVar[int] = 4
    """One answer may come at once by chance; one of four is late in all but few readings."""
    tries: ClassVar[int] = 1
    seen: ClassVar[str] = (
        "what needs the component is quick one time and slow the next; some of it gives up waiting"
    )
    grows_by: ClassVar[tuple[str, ...]] = ("jitter",)

    jitter: Duration = Field(
        default=0.5, gt=0, le=30, description="on average this much later, at most twice that"
    )
    stream: Direction = Field(default="downstream", description="what is late: requests, answers, or both")
    limit: Duration = Field(
        default=0.3,
        gt=0,
        le=0.5,
        description="the probe is red when one of four answers takes longer than this",
    )

    @model_validator(mode="after")
    def _seen(self) -> NetworkJitter:
        if self.limit >= self.jitter:
            raise ValueError("the limit must be shorter than the jitter, or no probe would see it")
        return self

    def limit_s(self) -> float:
        return self.limit

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        kind, value = ("delay", "delay") if protocol == "udp" else ("latency", "latency")
        return everywhere(self.stream, kind, {value: ms(self.jitter), "jitter": ms(self.jitter)})
