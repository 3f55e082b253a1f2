"""What the contract of a replica must be told by whoever inherits it: how this one is broken, and how looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["Promised"]


class Promised:
    """The words of one replica. Those without a default must be given."""

    participant: ClassVar[str] = "sme-1"
    """Somebody whom the replica was told of."""

    done: ClassVar[tuple[str, ...]] = ("true",)
    """A command that ends well where `exec` runs it, and one that ends with the code 1."""

    failing: ClassVar[tuple[str, ...]] = ("false",)

    farewell: ClassVar[Mapping[str, str]] = {}
    """By component: what it writes to its log when it is asked to end in order, and never when it is killed. Of one that
    says nothing it cannot be told from outside how it was ended."""

    def crash(self, replica: Replica, component: str) -> None:
        """Ends the component by SIGKILL, as a crash does: the replica is not asked."""
        raise NotImplementedError("say how a component of this replica ends by itself")

    def left(self, label: str) -> list[str]:
        """Whatever still carries that label: processes, containers, networks. In words."""
        raise NotImplementedError("say how what carries a label is found")

    @contextmanager
    def outdated(self, replica: Replica) -> Iterator[Callable[[], bool]]:
        """While it lasts, the replica keeps something that is no longer true, for less than a day.

        Gives the question whether it still answers with that. Without one of your own: it keeps nothing.
        """
        yield lambda: False
