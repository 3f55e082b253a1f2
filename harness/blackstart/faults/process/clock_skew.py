"""A component's clock is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from blackstart.faults.process.under import Under
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["ProcessClockSkew"]

TOLERATED_S = 5.0
"""How far a clock may be off; NTP keeps servers within a fraction of a second, and a Date has whole seconds."""


class ProcessClockSkew(Under):
    """Restarted under `programs/skewed.py`, which shifts what a Python server reads of the clock.

    Not for Vault: OpenBao is a static Go binary, whose time only the kernel could shift, and there is no namespace
    for the time of day. Not for the name servers, whose answers carry no time.
    """

    name: ClassVar[str] = "process.clock-skew"
    summary: ClassVar[str] = "a component's clock is wrong by minutes or hours, ahead or behind"
    kinds: ClassVar[tuple[str, ...]] = ("registry", "workload")
    turns_red: ClassVar[str] = "{target}-clock"
    within_s: ClassVar[float] = 10.0
    seen: ClassVar[str] = (
        "the Date of its answers is off, and the times in its log; a registry's tokens are issued in the future or "
        "have expired for everybody else, and accounts expire too early or too late"
    )
    fix: ClassVar[str] = "restart it, so that it takes its time anew: service restart NAME"
    program: ClassVar[str] = "skewed.py"
    waits: ClassVar[bool] = True

    by: Duration = Field(default=3600.0, ge=10, description="how far the clock is off")
    direction: Literal["ahead", "behind"] = Field(
        default="ahead", description="whether it is ahead or behind"
    )

    def options(self) -> tuple[str, ...]:
        return (f"{self.by if self.direction == 'ahead' else -self.by:g}",)

    def probe(self, replica: Replica, target: str) -> Probe:
        from blackstart.faults.process.questions import clock

        return clock(replica, target, TOLERATED_S)
