"""packet_loss: pieces go missing, alone or in bursts."""

from __future__ import annotations

from random import Random

from blackstart.toxics.effects.base import DATA, Effect, Piece
from blackstart.toxics.model import Attribute, Attributes, ToxicType


class PacketLoss(Effect):
    """Drops a piece with probability `loss_rate`, and with `correlation` more when the one before it was dropped.

    TCP sends a lost packet again; here the bytes are gone from the stream, as in Toxiproxy's toxic of that name.
    """

    def __init__(self, attributes: Attributes, random: Random, now: int) -> None:
        super().__init__(attributes, random, now)
        self._lost_last = False

    def put(self, piece: Piece) -> None:
        if piece.kind != DATA:
            super().put(piece)
            return
        odds = self.attributes["loss_rate"] + (self.attributes["correlation"] if self._lost_last else 0.0)
        self._lost_last = self.random.random() < odds
        if not self._lost_last:
            super().put(piece)


TYPE = ToxicType(
    "packet_loss",
    (Attribute("loss_rate", float, 0.1, 0, 1), Attribute("correlation", float, 0.0, 0, 1)),
    effect=PacketLoss,
)
