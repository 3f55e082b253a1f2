"""A component's container gets less memory than it needs: the kernel kills it, and again at each start."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.container.contained import ContainerFault, container_of, running_container_of
from blackstart.faults.process.standing import bring_back
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

__all__ = ["ContainerMemoryLimit"]

MIB = 1 << 20

DIES_WITHIN_S = 30.0
"""Real seconds for a server that needs more than the limit to be killed: the kernel takes its program's pages
away first, again and again."""


class ContainerMemoryLimit(ContainerFault):
    """A change of its limit, rolled out as orchestrators do it: the container is ended and started again with it.

    Not lowered in place: where memory is in use, the kernel refuses that (cgroup v1) or kills at once (v2).
    """

    name: ClassVar[str] = "container.memory-limit"
    summary: ClassVar[str] = (
        "a component's container gets too little memory: the kernel kills it at each start"
    )
    seen: ClassVar[str] = (
        "it is down, and each start ends with code 137; docker inspect: OOMKilled; its log ends in mid-sentence"
    )
    fix: ClassVar[str] = (
        "give it more memory, and start it: docker update --memory 256m --memory-swap 256m CONTAINER, "
        "docker start CONTAINER; Vault must then be unsealed: bao operator unseal"
    )
    undone: ClassVar[str] = "sets the container's memory limit back, and starts it"

    left: int = Field(default=6, ge=6, le=64, description="MiB that it may use; docker takes no less than 6")

    def prepare(self, replica: Replica, target: str) -> Undo:
        before = running_container_of(replica, target).limits().memory
        if self._too_little(before):
            raise ReplicaError(
                f"{target} has {self.left} MiB or less already: {self.name} would change nothing"
            )
        return {"component": target, "memory": before}

    def _too_little(self, memory: int | None) -> bool:
        return memory is not None and memory <= self.left * MIB

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Returns once it is dead. ReplicaError when it lives on with so little."""
        container = container_of(replica, target)
        container.kill()
        container.limit(container.limits().cpus, self.left * MIB)
        with suppress(ReplicaError):  # so little that it is dead before docker has started it
            container.start()
        if not wait_until(lambda: not container.running(), DIES_WITHIN_S):
            raise ReplicaError(
                f"{target} runs with {self.left} MiB of memory: it cannot be broken by a limit",
                hint="docker takes no limit below 6 MiB; break it in another way",
            )

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Set it back, unless somebody has, and start it. ReplicaError when it does not come up."""
        container = container_of(replica, target)
        if self._too_little(container.limits().memory):
            container.kill()
            container.limit(container.limits().cpus, undo["memory"])
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return replica.running(target) and not self._too_little(container_of(replica, target).limits().memory)
