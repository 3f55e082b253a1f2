"""A component's process ends and stays down: in order (`process.stop`) or at once (`process.kill`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.faults.base import Params, Undo

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["ProcessKill", "ProcessStop"]


class _Ended:
    """Shared by both: healing starts the component again if it does not run."""

    kinds: ClassVar[tuple[str, ...]] = ("*",)
    replicas: ClassVar[tuple[str, ...]] = ("local",)
    params: ClassVar[type[Params]] = Params

    def prepare(self, replica: Replica, target: str, params: Params) -> Undo:
        return {"component": target}

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Start the component unless somebody has already. ReplicaError when it does not come up."""
        component = str(undo["component"])
        if not replica.running(component):
            replica.start(component)


class ProcessStop(_Ended):
    """SIGTERM: the component ends in order, as at a shutdown that somebody forgot about."""

    name: ClassVar[str] = "process.stop"
    summary: ClassVar[str] = "ends a component in order (SIGTERM); it stays down"
    within_s: ClassVar[float] = 10.0

    def inject(self, replica: Replica, target: str, params: Params, undo: Undo) -> None:
        replica.stop(target)


class ProcessKill(_Ended):
    """SIGKILL: the component is gone from one moment to the next, as after the kernel's out-of-memory killer."""

    name: ClassVar[str] = "process.kill"
    summary: ClassVar[str] = "kills a component at once (SIGKILL); it stays down"
    within_s: ClassVar[float] = 5.0

    def inject(self, replica: Replica, target: str, params: Params, undo: Undo) -> None:
        replica.kill(target)
