"""What the harness itself has asked docker to do: so that what somebody else did is seen as what it is.

An event counts as asked for when its kind was, of that container, at the event's own time. The daemon of this machine
stamps its events with the same clock.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from blackstart.clock import SystemTime, TimeSource

__all__ = ["ENDS", "Asked"]

ENDS = frozenset({"kill", "die", "stop", "oom", "unpause"})
"""What may happen to a container that is asked to end, then or later: until it is started again."""

_ANY = ""

_KEPT = 100
"""Of one container; what was asked longer ago has happened."""


@dataclass(slots=True)
class _Asking:
    whats: frozenset[str]
    begun: datetime
    over: datetime | None = None

    def covers(self, what: str, at: datetime) -> bool:
        return what in self.whats and self.begun <= at and (self.over is None or at <= self.over)


class Asked:
    """Whether an event of a container was asked for by this process. Safe from any thread."""

    def __init__(self, time: TimeSource | None = None) -> None:
        self._time = time or SystemTime()
        self._lock = Lock()
        self._of: defaultdict[str, deque[_Asking]] = defaultdict(lambda: deque(maxlen=_KEPT))

    @contextmanager
    def doing(self, container: str, *whats: str) -> Iterator[None]:
        """What happens to that container in the block, of these kinds, is asked for."""
        asking = self._begin(container, frozenset(whats))
        try:
            yield
        finally:
            asking.over = self._time.now().wall

    def all_of_it(self) -> AbstractContextManager[None]:
        """Whatever happens to any container in the block is asked for: the whole project comes up, or goes down."""
        return self.doing(_ANY, *ENDS, "start", "connect", "disconnect", "health", "destroy")

    def ends(self, container: str) -> None:
        """It is about to be asked to end; however long it takes, that is no news."""
        self._begin(container, ENDS)

    def hand_over(self, container: str) -> None:
        """A fault of this drill does with it what it likes, in a process of its own: nothing of that is news."""
        self._begin(container, ENDS | {"start"})

    def take_back(self, container: str) -> None:
        """What happens to it from now on is news again."""
        self._settle(container, self._time.now().wall)

    @contextmanager
    def starting(self, container: str) -> Iterator[None]:
        """It is started in the block: from now on, its end is news again."""
        self._settle(container, self._time.now().wall)
        with self.doing(container, "start"):
            yield

    def was(self, container: str, what: str, at: datetime) -> bool:
        """Whether this event was asked for. One that somebody else started is wanted from then on."""
        with self._lock:
            asked = any(each.covers(what, at) for key in (container, _ANY) for each in self._of[key])
        if what == "start" and not asked:
            self._settle(container, at)
        return asked

    def _begin(self, container: str, whats: frozenset[str]) -> _Asking:
        asking = _Asking(whats, self._time.now().wall)
        with self._lock:
            self._of[container].append(asking)
        return asking

    def _settle(self, container: str, at: datetime) -> None:
        with self._lock:
            for each in self._of[container]:
                if each.over is None and each.begun <= at:
                    each.over = at
