"""A component's container gets next to no processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.container.contained import ContainerFault, container_of, running_container_of
from blackstart.faults.process.standing import bring_back
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.foreseen import Foreseen

__all__ = ["ContainerCpuLimit"]


class ContainerCpuLimit(ContainerFault):
    """The kernel lets it run for so much of each 100 ms, and then stand still: what a limit set too low does.

    A single small question fits into that. So the probe asks many in a row, as the platform's users do.
    """

    name: ClassVar[str] = "container.cpu-limit"
    summary: ClassVar[str] = "a component's container may use next to no CPU: under load its answers are late"
    turns_red: ClassVar[str] = "{target}-latency"
    seen: ClassVar[str] = (
        "one request is answered at once, forty in a row take a second; docker stats: its CPU is at its limit"
    )
    fix: ClassVar[str] = "give it more: docker update --cpus 1 CONTAINER"
    undone: ClassVar[str] = "sets the container's CPU limit back"
    holds: ClassVar[tuple[str, ...]] = ("{target}",)
    unseen_by: ClassVar[tuple[str, ...]] = ("tcp", "exec", "sql")

    cpus: float = Field(
        default=0.01, ge=0.01, le=0.05, description="processors it may use; docker takes no less"
    )
    limit: Duration = Field(
        default=0.5, ge=0.1, le=1.5, description="forty answers that take longer turn the probe red"
    )

    def lacks(self, there: Foreseen) -> str:
        """Its probe is there whatever else is to turn red, and must be green before: a login takes too long for that."""
        if there.question in ("", *self.unseen_by):
            return "nothing is known to ask of it forty times within half a second: have an http, dns or metric check first"
        return ""

    def prepare(self, replica: Replica, target: str) -> Undo:
        before = running_container_of(replica, target).limits().cpus
        if before is not None and before <= self.cpus:
            raise ReplicaError(
                f"{target} may use {before:g} processors already: {self.name} would change nothing"
            )
        return {"component": target, "cpus": before}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        container = running_container_of(replica, target)
        container.limit(self.cpus, container.limits().memory)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Set it back, unless somebody has; start it if it ended. ReplicaError when it does not come up."""
        container = container_of(replica, target)
        if self._limited(replica, target):
            container.limit(undo["cpus"], container.limits().memory)
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return replica.running(target) and not self._limited(replica, target)

    def _limited(self, replica: Replica, target: str) -> bool:
        cpus = container_of(replica, target).limits().cpus
        return cpus is not None and cpus <= self.cpus

    def probe(self, replica: Replica, target: str) -> Probe:
        from blackstart.faults.container.questions import many

        return many(replica, target, self.limit)
