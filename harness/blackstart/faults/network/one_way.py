"""One direction is dead and the other is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from blackstart.faults.network.link import LinkFault
from blackstart.faults.network.toxic import Toxic

__all__ = ["NetworkOneWay"]


class NetworkOneWay(LinkFault):
    """Swallow all that goes one way. Without the answers, what was asked for is done all the same."""

    name: ClassVar[str] = "network.one-way"
    summary: ClassVar[str] = (
        "one direction is dead: answers get lost and requests arrive, or the other way round"
    )
    seen: ClassVar[str] = (
        "clients time out; when it is the answers that are lost, the server's own log says that all is well"
    )
    within_s: ClassVar[float] = 10.0

    lost: Literal["requests", "answers"] = Field(default="answers", description="what gets lost")

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        stream = "upstream" if self.lost == "requests" else "downstream"
        if protocol == "udp":
            return [Toxic("drop", stream, {"rate": 1.0})]
        return [Toxic("timeout", stream, {"timeout": 0})]
