"""A limit of a running component is lowered to nothing: what a full disk and a full descriptor table have in common.

Only the soft limit is lowered, so no right is needed to raise it again, and a restarted component is free of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.process.standing import bring_back, pids, soft_limit, squeeze

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["Squeezed"]

_PASSES = 5
"""Looks for processes that were forked while the limit was being set; one is nearly always enough."""


class Squeezed(Fault):
    """Healing sets the limit back in every process that still has it, and starts a component that died of it."""

    limit: ClassVar[int]
    """The number that `resource` has for it."""

    lowered: ClassVar[int]
    """The soft limit while it lasts."""

    fix: ClassVar[str] = "restart it: service restart NAME; Vault must then be unsealed: bao operator unseal"
    undone: ClassVar[str] = "sets the process's limit back; starts it if it ended"

    def prepare(self, replica: Replica, target: str) -> Undo:
        """The soft limit of now. ReplicaError when it does not run, or is squeezed already."""
        soft = [found for pid in pids(replica, target) if (found := soft_limit(pid, self.limit)) is not None]
        if not soft:
            raise ReplicaError(f"no process of {target} runs: there is nothing to limit")
        if self.lowered in soft:
            raise ReplicaError(
                f"{target} has a limit of {self.lowered} already: {self.name} would change nothing"
            )
        return {"component": target, "soft": soft[0]}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """ReplicaError when it does not run."""
        if not pids(replica, target):
            raise ReplicaError(f"no process of {target} runs: {self.name} cannot be injected")
        for _ in range(_PASSES):
            if not (free := self._with(replica, target, lowered=False)):
                return
            for pid in free:
                squeeze(pid, self.limit, self.lowered)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Set the limit back; start what died. ReplicaError when it does not come up."""
        for _ in range(_PASSES):
            for pid in self._with(replica, target, lowered=True):
                squeeze(pid, self.limit, int(undo["soft"]))
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return replica.running(target) and not self._with(replica, target, lowered=True)

    def _with(self, replica: Replica, target: str, *, lowered: bool) -> list[int]:
        """Its processes that have the lowered limit, or those that do not."""
        limits = {pid: soft_limit(pid, self.limit) for pid in pids(replica, target)}
        return [pid for pid, soft in limits.items() if soft is not None and (soft == self.lowered) is lowered]
