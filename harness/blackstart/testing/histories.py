"""Records made by hand, for tests of whatever reads them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from blackstart.chain import GENESIS, Body, Event, Source, link, settled
from blackstart.clock import Stamp, after, iso
from blackstart.events import DrillClosed
from blackstart.testing.times import NS, START

__all__ = ["History"]


class History:
    """A record in memory, event by event, with the chain of a real one and the same demands on what goes in.

    The machine's time and the drill's are one here: `wall` is `at`, and `mono_ns` counts from the drill's start.
    """

    def __init__(self, start: datetime = START) -> None:
        self.start = start
        self.events: list[Event] = []

    def add(
        self, body: Body, *, at: float | None = None, actor: str = "harness", source: Source = "harness"
    ) -> Event:
        """Append an event at that drill second; without one, at the same as the event before."""
        drill_s = at if at is not None else (self.events[-1].drill_s if self.events else 0.0)
        moment = iso(after(self.start, drill_s))
        prev = self.events[-1].hash if self.events else GENESIS
        event, _ = link(
            settled(body),
            stamp=Stamp(moment, moment, round(drill_s * NS), drill_s),
            actor=actor,
            source=source,
            seq=len(self.events) + 1,
            prev=prev,
        )
        self.events.append(event)
        return event

    def emit(self, body: Body, *, actor: str, source: Source) -> Event:
        """The form that harness code calls; at the time of the event before."""
        return self.add(body, actor=actor, source=source)

    def close(self) -> Event:
        """Append the last event, which counts the others."""
        head = self.events[-1].hash if self.events else GENESIS
        return self.add(DrillClosed(len(self.events), head))

    def save(self, folder: Path) -> None:
        """Write it as the record of a drill's folder, which must be there and have none."""
        from blackstart.record.exchange import write

        write(folder, [event.to_line().encode() for event in self.events])
