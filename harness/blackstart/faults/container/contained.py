"""A component as a container: which it is, and what every fault of this family has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault

if TYPE_CHECKING:
    from blackstart.replica.base import Replica
    from blackstart.replica.containers.server import ContainerServer

__all__ = ["Contained", "ContainerFault", "container_of", "running_container_of"]


@runtime_checkable
class Contained(Protocol):
    """What these faults need of a replica whose components run in containers."""

    def container(self, component: str) -> ContainerServer:
        """The component's container, whatever its state. Nothing without the drill's label is touched through it."""
        ...


class ContainerFault(Fault):
    """A fault that docker's own API makes and undoes."""

    kinds: ClassVar[tuple[str, ...]] = ("*",)
    replicas: ClassVar[tuple[str, ...]] = ("compose",)
    within_s: ClassVar[float] = 10.0


def container_of(replica: Replica, component: str) -> ContainerServer:
    """ReplicaError when the replica's components are no containers."""
    if not isinstance(replica, Contained):
        raise ReplicaError(f"the components of the replica {replica.name} are no containers")
    return replica.container(component)


def running_container_of(replica: Replica, component: str) -> ContainerServer:
    """ReplicaError when it does not run: what does not run cannot be broken."""
    found = container_of(replica, component)
    if not found.running():
        raise ReplicaError(f"the container of {component} does not run: there is nothing to break")
    return found
