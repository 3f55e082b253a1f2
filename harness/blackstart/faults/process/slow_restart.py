"""A component is restarted, and takes far too long to come up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.faults.base import Move, Undo
from blackstart.faults.process.under import Under
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["ProcessSlowRestart"]


class ProcessSlowRestart(Under):
    """Killed, and in its place `programs/starting.py`, which starts nothing. The real server comes up when the time
    is over, in the drill's time; Vault comes up unsealed."""

    name: ClassVar[str] = "process.slow-restart"
    summary: ClassVar[str] = "a component restarts and comes up only after a long while, by itself"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    seen: ClassVar[str] = (
        "a process of it runs, connections are closed unanswered; the last line of its log is: starting"
    )
    fix: ClassVar[str] = (
        "wait, or restart it: service restart NAME; Vault must then be unsealed: bao operator unseal"
    )
    program: ClassVar[str] = "starting.py"

    delay: Duration = Field(default=120.0, ge=1, le=3600, description="how long it takes to come up")

    def options(self) -> tuple[str, ...]:
        return ()

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        """Healing it is what brings it up, and nobody's merit."""
        return [Move(self.delay, "comes up at last", lambda: None, ends=True)]
