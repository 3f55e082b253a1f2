"""A component is shut down in order, and nobody starts it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.faults.process.ended import Ended

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

__all__ = ["ProcessStop"]


class ProcessStop(Ended):
    """SIGTERM: the component ends in order, as at a shutdown that somebody forgot about."""

    name: ClassVar[str] = "process.stop"
    summary: ClassVar[str] = "ends a component in order (SIGTERM); it stays down"
    within_s: ClassVar[float] = 10.0

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        replica.stop(target)
