"""A conductor on manual time, with a record in memory and probes that a test sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

from blackstart.clock import JumpClock, Stamp
from blackstart.drill.conductor import Conductor
from blackstart.probes import Sampler
from blackstart.testing import History, ManualTime, SetProbe

if TYPE_CHECKING:
    from blackstart.events import Body, Event, Source
    from blackstart.record.store import Record


class Memory(History):
    """The one call of a record that a conductor makes."""

    def append(self, body: Body, *, stamp: Stamp, actor: str, source: Source) -> Event:
        return self.add(body, at=stamp.drill_s, actor=actor, source=source)


@dataclass
class Stand:
    """What a test of the conductor holds in its hands."""

    time: ManualTime
    clock: JumpClock
    record: Memory
    conductor: Conductor
    probes: dict[str, SetProbe]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.record.events]

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.record.events if event.kind == kind]


@pytest.fixture
def stand() -> Stand:
    time = ManualTime()
    clock = JumpClock(time)
    record = Memory()
    conductor = Conductor(clock, cast("Record", record))
    probes = {name: SetProbe(name) for name in ("vault", "ship")}
    conductor.sampler = Sampler(list(probes.values()), clock, conductor.emit)
    conductor.sampler.round()
    return Stand(time, clock, record, conductor, probes)
