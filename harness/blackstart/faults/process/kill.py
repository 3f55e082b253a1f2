"""A component is gone from one moment to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.faults.process.ended import Ended

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

__all__ = ["ProcessKill"]


class ProcessKill(Ended):
    """SIGKILL: as after the kernel's out-of-memory killer."""

    name: ClassVar[str] = "process.kill"
    summary: ClassVar[str] = "kills a component at once (SIGKILL); it stays down"

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        replica.kill(target)
