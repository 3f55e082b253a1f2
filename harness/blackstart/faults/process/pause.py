"""A component hangs: its processes are there, its ports are open, and nothing answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.process.standing import bring_back

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["ProcessPause"]


class ProcessPause(Fault):
    """SIGSTOP to every process of it, the kernel's freezer around a container: as after a debugger, a frozen disk, or
    a hypervisor that forgot it.
    """

    name: ClassVar[str] = "process.pause"
    summary: ClassVar[str] = (
        "a component hangs (SIGSTOP, docker pause): it accepts connections and never answers"
    )
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    seen: ClassVar[str] = (
        "every request times out; the process is there, in state T (a container: paused), and uses no CPU"
    )
    fix: ClassVar[str] = (
        "let it go on: kill -CONT PID, docker unpause CONTAINER; or restart it: service restart NAME"
    )
    undone: ClassVar[str] = "lets it go on; starts it if it was ended"
    unseen_by: ClassVar[tuple[str, ...]] = ("tcp",)

    def prepare(self, replica: Replica, target: str) -> Undo:
        if replica.paused(target):
            raise ReplicaError(f"{target} is paused already: nobody could tell when this fault is over")
        return {"component": target}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Returns once all of it stands still. ReplicaError when something of it goes on, or none runs."""
        if not replica.running(target):
            raise ReplicaError(f"{target} does not run: there is nothing to pause")
        replica.pause(target)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Let it go on; start it if somebody ended it. ReplicaError when it does not come up."""
        replica.resume(target)
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return replica.running(target) and not replica.paused(target)
