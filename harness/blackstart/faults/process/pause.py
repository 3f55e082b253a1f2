"""A component hangs: its processes are there, its ports are open, and nothing answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.process.standing import all_paused, bring_back, paused, pids
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["ProcessPause"]

STOPS_WITHIN_S = 5.0
"""A process stops when it next leaves the kernel: at once, save when it waits for a disk."""


class ProcessPause(Fault):
    """SIGSTOP to every process of it: as after a debugger, a frozen disk, or a hypervisor that forgot it."""

    name: ClassVar[str] = "process.pause"
    summary: ClassVar[str] = "a component hangs (SIGSTOP): it accepts connections and never answers"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    seen: ClassVar[str] = "every request times out; the process is there, in state T, and uses no CPU"
    fix: ClassVar[str] = "let it go on: kill -CONT PID; or restart it: service restart NAME"
    undone: ClassVar[str] = "lets it go on (SIGCONT); starts it if it was ended"

    def prepare(self, replica: Replica, target: str) -> Undo:
        if paused(replica, target):
            raise ReplicaError(f"{target} is stopped already: nobody could tell when this fault is over")
        return {"component": target}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Returns once every process stands still. ReplicaError when one goes on, or none runs."""
        if not pids(replica, target):
            raise ReplicaError(f"no process of {target} runs: there is nothing to stop")
        replica.pause(target)
        if not wait_until(lambda: all_paused(replica, target), STOPS_WITHIN_S):
            raise ReplicaError(f"{target} could not be stopped: a process of it goes on")

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Let it go on; start it if somebody ended it. ReplicaError when it does not come up."""
        replica.resume(target)
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return replica.running(target) and not paused(replica, target)
