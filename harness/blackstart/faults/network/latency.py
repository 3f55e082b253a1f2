"""Answers take longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, model_validator

from blackstart.faults.network.link import LinkFault, everywhere, ms
from blackstart.faults.network.toxic import Direction, Toxic
from blackstart.source import Duration

__all__ = ["NetworkLatency"]


class NetworkLatency(LinkFault):
    """Hold back all that passes, by the same time; over UDP each datagram."""

    name: ClassVar[str] = "network.latency"
    summary: ClassVar[str] = "everything to or from a component arrives later, by the same time"
    turns_red: ClassVar[str] = "{target}-latency"
    seen: ClassVar[str] = "everything that needs the component is slow by the same time, or gives up waiting"
    grows_by: ClassVar[tuple[str, ...]] = ("latency",)

    latency: Duration = Field(default=1.0, gt=0, le=60, description="how much later")
    stream: Direction = Field(default="downstream", description="what is late: requests, answers, or both")
    limit: Duration = Field(
        default=0.3, gt=0, lt=1, description="the probe is red when an answer takes longer than this"
    )

    @model_validator(mode="after")
    def _seen(self) -> NetworkLatency:
        if self.limit >= self.latency:
            raise ValueError("the limit must be shorter than the latency, or no probe would see it")
        return self

    def limit_s(self) -> float:
        return self.limit

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        if protocol == "udp":
            return everywhere(self.stream, "delay", {"delay": ms(self.latency)})
        return everywhere(self.stream, "latency", {"latency": ms(self.latency)})
