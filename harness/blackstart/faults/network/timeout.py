"""Nothing passes, and the connection ends after a while or never."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from blackstart.faults.network.link import LinkFault, everywhere
from blackstart.faults.network.toxic import Direction, Toxic
from blackstart.source import Duration

__all__ = ["NetworkTimeout"]


class NetworkTimeout(LinkFault):
    """Swallow all that passes, then close the connection; over UDP, which has none, all is swallowed."""

    name: ClassVar[str] = "network.timeout"
    summary: ClassVar[str] = "connections to a component are taken and never answered"
    seen: ClassVar[str] = "connecting works at once, and then nothing comes until one's own timeout"
    within_s: ClassVar[float] = 10.0

    after: Duration = Field(
        default=0.0, ge=0, le=3600, description="the connection is closed after this; 0: never, a black hole"
    )
    stream: Direction = Field(default="both", description="what is swallowed: requests, answers, or both")

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        if protocol == "udp":
            return everywhere(self.stream, "drop", {"rate": 1.0})
        return everywhere(self.stream, "timeout", {"timeout": round(self.after * 1000)})
