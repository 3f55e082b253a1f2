"""bandwidth: so many bytes a second, per connection and direction."""

from __future__ import annotations

from random import Random

from blackstart.toxics.effects.base import DATA, Effect, Piece, cut
from blackstart.toxics.loop import MS
from blackstart.toxics.model import Attribute, Attributes, ToxicType

_SLICE_MS = 100
"""A large piece leaves in parts that take so long each."""


class Bandwidth(Effect):
    """A part leaves when the line has carried it, at `rate` kilobytes (1,000 bytes) a second."""

    def __init__(self, attributes: Attributes, random: Random, now: int) -> None:
        super().__init__(attributes, random, now)
        self._free_at = now

    def due(self) -> int | None:
        if not self.queue:
            return None
        first = self.queue[0]
        start = max(first.at, self._free_at)
        return start + self._cost(min(len(first.data), self._part()))

    def pop(self, at: int) -> Piece:
        self._free_at = at
        first, size = self.queue[0], self._part()
        if first.kind != DATA or len(first.data) <= size:
            return super().pop(at)
        head, self.queue[0] = cut(first, size)
        self.held -= size
        return Piece(at, head)

    def _part(self) -> int:
        """A kilobyte a second is a byte a millisecond."""
        return int(self.attributes["rate"]) * _SLICE_MS

    def _cost(self, size: int) -> int:
        return size * MS // int(self.attributes["rate"])


TYPE = ToxicType(
    "bandwidth",
    (
        Attribute(
            "rate",
            int,
            0,
            1,
            1_000_000_000,
            "KB/s",
            instead="; to let nothing through, use the toxic timeout with timeout 0",
        ),
    ),
    effect=Bandwidth,
)
