"""limit_data: so many bytes, and then the connection is closed."""

from __future__ import annotations

from random import Random

from blackstart.toxics.effects.base import CLOSE, DATA, Effect, Piece, cut
from blackstart.toxics.model import Attribute, Attributes, ToxicType


class LimitData(Effect):
    """Lets exactly `bytes` through, counted per connection and kept over updates, then closes. With 0 it closes at the
    first byte, not at the connection.
    """

    def __init__(self, attributes: Attributes, random: Random, now: int) -> None:
        super().__init__(attributes, random, now)
        self._passed = 0
        self._spent = False

    def put(self, piece: Piece) -> None:
        if self._spent:
            return
        left = int(self.attributes["bytes"]) - self._passed
        if piece.kind != DATA or len(piece.data) < left:
            self._passed += len(piece.data)
            super().put(piece)
            return
        if left > 0:
            self._passed += left
            super().put(Piece(piece.at, cut(piece, left)[0]))
        self._spent = True
        super().put(Piece(piece.at, b"", CLOSE))


TYPE = ToxicType("limit_data", (Attribute("bytes", int, 0, 0, 2**62, "B"),), effect=LimitData)
