"""A component starts, lives for a moment, and dies: again and again."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blackstart.faults.process.under import Under
from blackstart.source import Duration

__all__ = ["ProcessCrashLoop"]


class ProcessCrashLoop(Under):
    """The real server under `programs/restarting.py`, as under a supervisor that always starts it again. Its times
    are the machine's, in whatever time the drill runs."""

    name: ClassVar[str] = "process.crash-loop"
    summary: ClassVar[str] = "a component dies (SIGKILL) soon after each start, and is started again"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    within_s: ClassVar[float] = 30.0
    seen: ClassVar[str] = (
        "it answers for some seconds, then connections are closed unanswered, and again; its log has a start and an "
        "end each time. Vault is sealed after each start"
    )
    program: ClassVar[str] = "restarting.py"

    alive: Duration = Field(default=3.0, ge=0.1, le=15, description="how long it lives each time")
    pause: Duration = Field(
        default=3.0, ge=1.5, le=60, description="how long it is down before it is started again"
    )

    def options(self) -> tuple[str, ...]:
        return ("--alive", f"{self.alive:g}", "--pause", f"{self.pause:g}", "--")
