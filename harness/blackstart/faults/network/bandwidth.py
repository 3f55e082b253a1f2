"""Only so many bytes a second pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.network.link import DATAGRAMS, LinkFault, everywhere
from blackstart.faults.network.questions import question_of
from blackstart.faults.network.toxic import Direction, Toxic
from blackstart.replica.asking import TIMEOUT_S, Refused
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

__all__ = ["NetworkBandwidth"]


class NetworkBandwidth(LinkFault):
    """Let only so many bytes a second pass, for each connection and direction."""

    name: ClassVar[str] = "network.bandwidth"
    summary: ClassVar[str] = "each connection to a component carries only so many bytes a second"
    spares: ClassVar[tuple[str, ...]] = DATAGRAMS
    turns_red: ClassVar[str] = "{target}-throughput"
    seen: ClassVar[str] = (
        "small answers are late, large ones time out; the longer the answer, the later it is"
    )

    rate: int = Field(default=1, ge=1, le=1000, description="KB/s of 1000 bytes")
    stream: Direction = Field(default="downstream", description="what is slow: requests, answers, or both")
    limit: Duration = Field(
        default=0.1, gt=0, lt=1, description="the probe is red when an answer takes longer than this"
    )

    def prepare(self, replica: Replica, target: str) -> Undo:
        """ReplicaError too when the component's answers are so short that nobody would see it."""
        undo = super().prepare(replica, target)
        try:
            sent, came = question_of(replica, target, self.source(replica))(TIMEOUT_S)
        except (Refused, OSError):
            return undo  # it does not answer now: another fault's doing, and no reason not to go on
        size = {"upstream": sent, "downstream": came, "both": sent + came}[self.stream]
        if size and size / (self.rate * 1000) <= self.limit:
            raise ReplicaError(
                f"at {self.rate} KB/s the {size} bytes that a probe of {target} would wait for come within "
                f"{self.limit * 1000:.0f} ms: it would not see the fault",
                hint="take a lower rate or limit",
            )
        return undo

    def limit_s(self) -> float:
        return self.limit

    def toxics(self, protocol: str) -> Sequence[Toxic]:
        return [] if protocol == "udp" else everywhere(self.stream, "bandwidth", {"rate": self.rate})
