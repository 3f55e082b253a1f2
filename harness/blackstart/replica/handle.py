"""One server of a replica, as whoever starts, ends and looks at it has it: a process here, a container there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.errors import ReplicaError

__all__ = ["Handle"]


class Handle(Protocol):
    """What `servers.Server` (a process) and `containers.server.ContainerServer` have in common.

    Safe from any process and thread: what runs is looked up, not remembered. Errors: ReplicaError.
    """

    name: str

    @property
    def log(self) -> Path: ...

    @property
    def pid(self) -> int | None: ...

    def pids(self) -> Sequence[int]: ...

    def running(self) -> bool: ...

    def start(self, through: Sequence[str] = (), more: Sequence[str] = ()) -> bool:
        """Start it, under the words of a program if there are any; False, and nothing happens, when it runs."""
        ...

    def stop(self) -> None: ...

    def kill(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def paused(self) -> bool:
        """Whether something of it stands still."""
        ...

    def says(self, words: Collection[str]) -> bool:
        """Whether one of these (in lower case) is in the last of what it has logged since it was started."""
        ...

    def failed(self, what: str) -> ReplicaError:
        """The error that says why it is not in service, with its last lines."""
        ...

    def exited_by_itself(self) -> int | None:
        """Its exit code when it ended without being asked to."""
        ...
