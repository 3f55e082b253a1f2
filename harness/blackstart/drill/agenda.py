"""What is to happen when: actions in order of their drill second, first come first served within one."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Agenda", "Due"]


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One action and its instant."""

    drill_s: float
    rank: int
    order: int
    name: str = field(compare=False)
    action: Callable[[], None] = field(compare=False)


class Agenda:
    """A queue of actions by drill time. It knows no clock: whoever drives it decides what is due."""

    def __init__(self) -> None:
        self._heap: list[Due] = []
        self._order = itertools.count()

    def at(self, drill_s: float, name: str, action: Callable[[], None], *, first: bool = False) -> None:
        """Put an action on the agenda, `first` before the others of its instant.

        An instant that has passed means as soon as possible.
        """
        heapq.heappush(self._heap, Due(drill_s, 0 if first else 1, next(self._order), name, action))

    def next_s(self) -> float | None:
        """The drill second of the next action; None when nothing is to come."""
        return self._heap[0].drill_s if self._heap else None

    def take(self) -> Due:
        """Remove and return the next action. IndexError when nothing is to come."""
        return heapq.heappop(self._heap)

    def clear(self) -> None:
        """Forget everything: nothing more is to happen."""
        self._heap.clear()
