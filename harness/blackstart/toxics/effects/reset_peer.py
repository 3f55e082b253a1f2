"""reset_peer: the connection is reset."""

from __future__ import annotations

from random import Random

from blackstart.toxics.effects.base import RESET, Effect, Piece
from blackstart.toxics.loop import MS
from blackstart.toxics.model import DAY_MS, Attribute, Attributes, ToxicType


class ResetPeer(Effect):
    """Resets both sides `timeout` ms after the first piece that comes, which is lost, as all after it.

    A connection on which nothing is sent is left alone: the reset meets who uses it, as in life.
    """

    def __init__(self, attributes: Attributes, random: Random, now: int) -> None:
        super().__init__(attributes, random, now)
        self._hit_at: int | None = None

    def put(self, piece: Piece) -> None:
        if self._hit_at is None:
            self._hit_at = piece.at

    def due(self) -> int | None:
        return None if self._hit_at is None else self._hit_at + int(self.attributes["timeout"]) * MS

    def pop(self, at: int) -> Piece:
        return Piece(at, b"", RESET)

    def rest(self, now: int) -> list[Piece]:
        """Bytes that it took are gone: a connection that it hit is reset at once, another goes on."""
        return [] if self._hit_at is None else [Piece(now, b"", RESET)]


TYPE = ToxicType("reset_peer", (Attribute("timeout", int, 0, 0, DAY_MS, "ms"),), effect=ResetPeer)
