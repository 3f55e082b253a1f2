"""slicer: the bytes arrive in small pieces, with a pause between two."""

from __future__ import annotations

from random import Random

from blackstart.toxics.effects.base import DATA, Effect, Piece, cut
from blackstart.toxics.loop import US
from blackstart.toxics.model import DAY_MS, Attribute, Attributes, ToxicType


class Slicer(Effect):
    """Cuts what comes into pieces of `average_size` ± `size_variation` bytes, `delay` microseconds apart."""

    def __init__(self, attributes: Attributes, random: Random, now: int) -> None:
        super().__init__(attributes, random, now)
        self._last: int | None = None

    def due(self) -> int | None:
        if not self.queue:
            return None
        first = self.queue[0]
        if self._last is None or first.kind != DATA:
            return first.at
        return max(first.at, self._last + int(self.attributes["delay"]) * US)

    def pop(self, at: int) -> Piece:
        self._last = at
        first, size = self.queue[0], self._size()
        if first.kind != DATA or len(first.data) <= size:
            return super().pop(at)
        head, self.queue[0] = cut(first, size)
        self.held -= size
        return Piece(at, head)

    def _size(self) -> int:
        average, variation = self.attributes["average_size"], self.attributes["size_variation"]
        return max(1, self.random.randint(average - variation, average + variation))


def _check(attributes: Attributes) -> str:
    average, variation = attributes["average_size"], attributes["size_variation"]
    if variation > average:
        return f"size_variation must be at most average_size, {average} B, not {variation}"
    return ""


_LARGEST = 1_000_000_000

TYPE = ToxicType(
    "slicer",
    (
        Attribute("average_size", int, 0, 1, _LARGEST, "B"),
        Attribute("size_variation", int, 0, 0, _LARGEST, "B"),
        Attribute("delay", int, 0, 0, DAY_MS * 1_000, "µs"),
    ),
    check=_check,
    effect=Slicer,
)
