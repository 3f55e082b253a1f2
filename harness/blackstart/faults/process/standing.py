"""A component as processes: which they are, what they were started under, and bringing it back into service."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from blackstart.errors import ReplicaError

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = [
    "Hosted",
    "bring_back",
    "hosted",
    "pids",
    "soft_limit",
    "squeeze",
    "started_under",
]


@runtime_checkable
class Hosted(Protocol):
    """What these faults need of a replica whose components run on this machine."""

    def pids(self, component: str) -> Sequence[int]:
        """Every living process of a component, also the children that it made itself."""
        ...

    def start(self, component: str, through: Sequence[str] = (), *, wait: bool = True) -> None:
        """Start it under a program; `wait`: until it is in service."""
        ...


def hosted(replica: Replica) -> Hosted:
    """The same replica. ReplicaError when its components are not processes of this machine."""
    if not isinstance(replica, Hosted):
        raise ReplicaError(
            f"the replica {replica.name} does not say which processes a component has: they cannot be broken"
        )
    return replica


def pids(replica: Replica, component: str) -> tuple[int, ...]:
    return tuple(hosted(replica).pids(component))


def started_under(replica: Replica, component: str, program: Path) -> bool:
    """Whether a process of it runs that program of ours, or was started by it."""
    return any(str(program).encode() in _command_line(pid) for pid in pids(replica, component))


def _command_line(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:  # it has ended
        return []


def soft_limit(pid: int, limit: int) -> int | None:
    """A process's soft limit (`resource.RLIMIT_...`), -1 for none; None when it has ended."""
    try:
        return resource.prlimit(pid, limit)[0]
    except ProcessLookupError:
        return None


def squeeze(pid: int, limit: int, soft: int) -> None:
    """Set a process's soft limit, at most to its hard one, which stays: so its owner can undo it. It may have ended."""
    try:
        _, hard = resource.prlimit(pid, limit)
        resource.prlimit(pid, limit, (_at_most(soft, hard), hard))
    except ProcessLookupError:
        return


def _at_most(soft: int, hard: int) -> int:
    if hard == resource.RLIM_INFINITY:
        return soft
    return hard if soft == resource.RLIM_INFINITY else min(soft, hard)


def bring_back(replica: Replica, component: str) -> None:
    """Have it in service: started if it does not run, and a Vault that somebody started unsealed.

    ReplicaError when it does not come up.
    """
    if not replica.running(component):
        replica.start(component)
    elif replica.components()[component].kind == "vault":
        _unseal(replica, component)


def _unseal(replica: Replica, component: str) -> None:
    from blackstart.faults.vault.seal import VaultSeal
    from blackstart.replica.components.vault import Keyholder

    if isinstance(replica, Keyholder):
        place = {
            "component": component,
            "endpoint": replica.components()[component].endpoint,
            "keyring": str(replica.keyring()),
        }
        VaultSeal().heal(replica, component, place)
