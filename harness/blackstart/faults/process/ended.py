"""A component's process ends and stays down: what stopping and killing it have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.faults.base import Fault, Undo
from blackstart.faults.process.standing import bring_back

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["Ended"]


class Ended(Fault):
    """Healing starts the component again if it does not run."""

    kinds: ClassVar[tuple[str, ...]] = ("*",)
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    seen: ClassVar[str] = (
        "connections are closed unanswered, name servers say nothing; service status NAME: no process of it runs"
    )
    fix: ClassVar[str] = (
        "start it again: service start NAME; Vault must then be unsealed: bao operator unseal"
    )
    undone: ClassVar[str] = "starts it, unless somebody has"

    def prepare(self, replica: Replica, target: str) -> Undo:
        return {"component": target}

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Start the component unless somebody has already. ReplicaError when it does not come up."""
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return replica.running(target)
