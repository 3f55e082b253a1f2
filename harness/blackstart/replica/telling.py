"""What some replicas tell a drill by themselves: alerts of their own monitoring, and what happens to their containers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

__all__ = ["REMOVED", "AlertFeed", "Equipped", "Eventful", "Following", "Happening", "Imaged", "Paging"]

REMOVED = "removed"
"""The `detail` of a `die` that came of a container's being removed."""


@dataclass(frozen=True, slots=True)
class AlertFeed:
    """Where the alerts of a replica's monitoring are read: its pager (`replica/programs/pager.py` says how)."""

    host: str
    port: int


@runtime_checkable
class Paging(Protocol):
    """A replica that may monitor itself: then its own alerts page people, and the harness makes no page up."""

    def alerts(self) -> AlertFeed | None:
        """Where they are read, once it is up; None when this one has no monitoring."""
        ...


class Happening(Protocol):
    """One thing that happened to a container (`replica/containers/events.py` has each `what` and its `detail`)."""

    @property
    def what(self) -> str: ...

    @property
    def wall(self) -> datetime: ...

    @property
    def component(self) -> str: ...

    @property
    def exit_code(self) -> int | None: ...

    @property
    def detail(self) -> str: ...

    @property
    def asked(self) -> bool: ...


class Following(Protocol):
    """Whatever goes on telling until its owner closes it. After `close` nothing more is told."""

    def close(self) -> None: ...


@runtime_checkable
class Imaged(Protocol):
    """A replica of containers, whose engine tells what they run."""

    def images(self) -> Mapping[str, str]:
        """The id of the image that each service really runs."""
        ...


@runtime_checkable
class Equipped(Protocol):
    """A replica with servers of its own beside its components, which nothing of people's ends, starts or mends."""

    def machinery(self) -> Collection[str]:
        """Their names, as `exited` has them."""
        ...


@runtime_checkable
class Eventful(Protocol):
    """A replica of containers, whose engine tells what happens to them."""

    def happenings(self, tell: Callable[[Happening], None]) -> Following:
        """Tell of each from now on, on a thread of its own. The caller closes what it gets. ReplicaError."""
        ...
