"""What a toxic does to one direction of one connection: pieces go in, pieces come out, later, fewer or smaller.

An effect is pure: no socket, no clock. Times are given to it, in nanoseconds, so that tests are exact. A new effect
overrides as little as it can:

    due   when the first piece in `queue` may leave (here: when it came)
    pop   what leaves then (here: the whole piece)
    put   what becomes of a piece that comes (here: it waits in `queue`)
    rest  what goes on when the toxic is taken away (here: everything that waits, at once)

Nothing that came may be lost or change places, save by an effect whose toxic promises loss.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

if TYPE_CHECKING:
    from blackstart.toxics.model import Attributes

__all__ = ["CLOSE", "DATA", "END", "RESET", "Bytes", "Effect", "Piece", "cut"]

Bytes = bytes | memoryview

DATA: Final = 0
END: Final = 1
"""The sender has closed its direction: nothing comes after it."""
CLOSE: Final = 2
"""A toxic closes the connection, both ways, once what is before it has arrived."""
RESET: Final = 3
"""The same by a reset."""


class Piece(NamedTuple):
    """Bytes that came together, and when; or, without bytes, an end."""

    at: int
    data: Bytes
    kind: int = DATA


def cut(piece: Piece, size: int) -> tuple[Bytes, Piece]:
    """The first bytes of a piece, and what is left of it. Nothing is copied."""
    view = memoryview(piece.data)
    return view[:size], piece._replace(data=view[size:])


class Effect:
    """The base, and what noop is. See the module for what to override."""

    capacity: ClassVar[int] = 65_536
    """Bytes that may wait here before the sender is held back."""

    def __init__(self, attributes: Attributes, random: Random, now: int) -> None:
        self.attributes = attributes
        self.random = random
        self.began = now
        self.queue: deque[Piece] = deque()
        self.held = 0

    def put(self, piece: Piece) -> None:
        """Take a piece in. Never called after one that is no DATA."""
        self.queue.append(piece)
        self.held += len(piece.data)

    def due(self) -> int | None:
        """When something may leave; None when nothing will until more comes or the toxic changes."""
        return self.queue[0].at if self.queue else None

    def pop(self, at: int) -> Piece:
        """What leaves, at that time (never before `due`). Called only when something is due."""
        piece = self.queue.popleft()
        self.held -= len(piece.data)
        return piece._replace(at=at)

    def update(self, attributes: Attributes) -> None:
        """The toxic has new values; they hold for what waits, too."""
        self.attributes = attributes

    def rest(self, now: int) -> Iterable[Piece]:
        """What goes on when the toxic is taken away."""
        return [piece._replace(at=now) for piece in self.queue]

    def room(self) -> bool:
        """Whether more may come."""
        return self.held < self.capacity
