"""Connections stay open long after both sides are done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field, model_validator

from blackstart.faults.network.link import DATAGRAMS, LinkFault, everywhere, ms
from blackstart.faults.network.toxic import Direction, Toxic
from blackstart.source import Duration

__all__ = ["NetworkSlowClose"]


class NetworkSlowClose(LinkFault):
    """Hold back the closing of connections: answers come in time, and connections pile up."""

    name: ClassVar[str] = "network.slow-close"
    summary: ClassVar[str] = "connections to a component are closed late, so that they pile up"
    spares: ClassVar[tuple[str, ...]] = DATAGRAMS
    turns_red: ClassVar[str] = "{target}-close"
    seen: ClassVar[str] = (
        "answers come in time; clients that wait for the end of the connection hang, sockets pile up"
    )
    unseen_by: ClassVar[tuple[str, ...]] = ("http", "tcp", "dns", "exec", "sql", "metric")
    grows_by: ClassVar[tuple[str, ...]] = ("delay",)

    delay: Duration = Field(default=5.0, gt=0, le=600, description="how much later connections are closed")
    stream: Direction = Field(
        default="downstream", description="whose closing is late: the server's or the client's"
    )
    limit: Duration = Field(
        default=0.3, gt=0, lt=1, description="the probe is red when a connection is open longer than this"
    )

    @model_validator(mode="after")
    def _seen(self) -> NetworkSlowClose:
        if self.limit >= self.delay:
            raise ValueError("the limit must be shorter than the delay, or no probe would see it")
        if self.stream == "upstream":
            raise ValueError(
                "a close that the client begins is seen by the server alone: use downstream or both"
            )
        return self

    def limit_s(self) -> float:
        return self.limit

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        return [] if protocol == "udp" else everywhere(self.stream, "slow_close", {"delay": ms(self.delay)})
