"""What people's instruments need from whoever runs the drill. The conductor provides all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from blackstart.events import Body, Event, Source

__all__ = ["DRILL_MARK", "Board", "Emit", "Schedule", "marked"]

DRILL_MARK = "[DRILL]"
"""Stands before everything that leaves the harness towards people (design, people)."""


class Emit(Protocol):
    """Puts one event on record, stamped now; it is on disk when this returns."""

    def __call__(self, body: Body, *, actor: str, source: Source) -> Event: ...


class Schedule(Protocol):
    """Drill time, and the actions to come. Times are drill seconds from the start of the drill."""

    def now(self) -> float: ...

    def at(self, drill_s: float, name: str, action: Callable[[], None]) -> None:
        """Have `action` run then, in the order of time and then of asking. What has passed runs at once."""
        ...


class Board(Protocol):
    """What participants may see of the probes."""

    def red(self) -> Mapping[str, str]:
        """Every probe that is not green, with the reason."""
        ...

    def probes(self) -> Mapping[str, tuple[str, str]]:
        """Each probe by name: what kind of thing it watches (component, capability, team), and which."""
        ...


def marked(text: str) -> str:
    """The text with the drill's mark before it, once. No text can come without, whatever it says itself."""
    return text if text.startswith(f"{DRILL_MARK} ") else f"{DRILL_MARK} {text}"
