"""A component's container is taken off its networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.container.contained import ContainerFault, container_of, running_container_of
from blackstart.faults.process.standing import bring_back

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica
    from blackstart.replica.foreseen import Foreseen

__all__ = ["ContainerDisconnect"]


class ContainerDisconnect(ContainerFault):
    """Off every network that it is on: it reaches nobody, nobody reaches it, and its name is unknown. It runs on."""

    name: ClassVar[str] = "container.disconnect"
    summary: ClassVar[str] = "a component's container is taken off its networks, though it runs"
    seen: ClassVar[str] = (
        "no connection to it comes about, its name does not resolve, its log is silent; docker inspect: no networks"
    )
    fix: ClassVar[str] = "put it on its networks again: docker network connect --alias NAME NETWORK CONTAINER"
    undone: ClassVar[str] = (
        "puts it on its networks again, with the names that it had, and the address where its file fixes one"
    )
    holds: ClassVar[tuple[str, ...]] = ("{target}/network",)
    unseen_by: ClassVar[tuple[str, ...]] = ("exec",)

    def lacks(self, there: Foreseen) -> str:
        return there.no_network

    def prepare(self, replica: Replica, target: str) -> Undo:
        found = running_container_of(replica, target).attachments()
        if not found:
            raise ReplicaError(f"{target} is on no network: there is nothing to take it off")
        return {"component": target, "networks": found}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        container = running_container_of(replica, target)
        for each in undo["networks"]:
            container.disconnect(each["network"])

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Put it back; start it if it ended. ReplicaError when a network is gone, or it does not come up."""
        container = container_of(replica, target)
        for each in undo["networks"]:
            container.connect(each)
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        container = container_of(replica, target)
        there = {each["network"] for each in container.attachments()}
        back = replica.running(target) and there >= {each["network"] for each in undo["networks"]}
        return back and container.led_to()
