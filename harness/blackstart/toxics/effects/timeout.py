"""timeout: nothing comes through, and after a while the connection is closed."""

from __future__ import annotations

from collections.abc import Iterable

from blackstart.toxics.effects.base import CLOSE, DATA, Effect, Piece
from blackstart.toxics.loop import MS
from blackstart.toxics.model import DAY_MS, Attribute, ToxicType


class Timeout(Effect):
    """Drops the bytes. Closes `timeout` ms after it began on the connection, whatever is sent meanwhile; with 0 never,
    until it is taken away: bytes are missing then, so the connection must not go on.
    """

    def put(self, piece: Piece) -> None:
        if piece.kind != DATA:
            super().put(piece)

    def due(self) -> int | None:
        if self.queue:
            return self.queue[0].at
        wait_ms = int(self.attributes["timeout"])
        return self.began + wait_ms * MS if wait_ms else None

    def pop(self, at: int) -> Piece:
        return super().pop(at) if self.queue else Piece(at, b"", CLOSE)

    def rest(self, now: int) -> Iterable[Piece]:
        return [Piece(now, b"", CLOSE)]


TYPE = ToxicType("timeout", (Attribute("timeout", int, 0, 0, DAY_MS, "ms"),), effect=Timeout)
