"""latency: every piece arrives later, none earlier than one before it."""

from __future__ import annotations

from random import Random

from blackstart.toxics.effects.base import DATA, Effect, Piece
from blackstart.toxics.loop import MS
from blackstart.toxics.model import DAY_MS, Attribute, Attributes, ToxicType


class Latency(Effect):
    """A piece leaves `latency` ± `jitter` ms after it came. What waits does not hold the sender back: a line has its
    bandwidth also when it is long.
    """

    capacity = 32 * 1024 * 1024  # as Toxiproxy: 1,024 pieces of 32 KiB

    def __init__(self, attributes: Attributes, random: Random, now: int) -> None:
        super().__init__(attributes, random, now)
        self._fraction = 0.0

    def put(self, piece: Piece) -> None:
        if not self.queue:
            self._draw()
        super().put(piece)

    def due(self) -> int | None:
        if not self.queue:
            return None
        first = self.queue[0]
        return first.at if first.kind != DATA else first.at + self._delay()

    def pop(self, at: int) -> Piece:
        piece = super().pop(at)
        self._draw()
        return piece

    def _delay(self) -> int:
        delay_ms: float = self.attributes["latency"] + self.attributes["jitter"] * self._fraction
        return max(0, round(delay_ms * MS))

    def _draw(self) -> None:
        """Each piece has its own place within the jitter, and keeps it when the values change while it waits."""
        self._fraction = self.random.uniform(-1.0, 1.0)


TYPE = ToxicType(
    "latency",
    (
        Attribute("latency", int, 0, 0, DAY_MS, "ms"),
        Attribute("jitter", int, 0, 0, DAY_MS, "ms"),
    ),
    effect=Latency,
)
