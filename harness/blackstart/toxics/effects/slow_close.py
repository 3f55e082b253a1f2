"""slow_close: the bytes pass, the close comes later."""

from __future__ import annotations

from blackstart.toxics.effects.base import DATA, Effect
from blackstart.toxics.loop import MS
from blackstart.toxics.model import DAY_MS, Attribute, ToxicType


class SlowClose(Effect):
    """Whatever ends the direction is held for `delay` ms."""

    def due(self) -> int | None:
        if not self.queue:
            return None
        first = self.queue[0]
        return first.at if first.kind == DATA else first.at + int(self.attributes["delay"]) * MS


TYPE = ToxicType("slow_close", (Attribute("delay", int, 0, 0, DAY_MS, "ms"),), effect=SlowClose)
