"""What a healing in the midst of a drill leaves on record is replayed as it was, wherever the harness died after it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pytest
from pydantic import PrivateAttr

from blackstart.clock import JumpClock, ResumedTime
from blackstart.drill.arming import Armed
from blackstart.drill.conductor import Conductor
from blackstart.drill.faulting import Faults
from blackstart.drill.replay import Replay
from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault
from blackstart.faults.ledger import Ledger
from blackstart.faults.wrappers import limited
from blackstart.probes import Sampler
from blackstart.scenario import FaultSpec
from blackstart.testing import START, FakeReplica, SetProbe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.drill.conftest import Stand

    from blackstart.faults.base import Undo
    from blackstart.record.store import Record
    from blackstart.replica.base import Replica

SPEC = FaultSpec(id="down", fault="test.stuck", target="vault")
LASTS_S = 600.0


class Stuck(Fault):
    """Turns the vault probe red. Its undo raises, or does nothing that `gone` would see."""

    name: ClassVar[str] = "test.stuck"
    summary: ClassVar[str] = "for tests"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    seen: ClassVar[str] = "nothing"
    fix: ClassVar[str] = "nothing"

    raises: bool
    _probe: SetProbe = PrivateAttr()

    def of(self, probe: SetProbe) -> Stuck:
        self._probe = probe
        return self

    def prepare(self, replica: Replica, target: str) -> Undo:
        return {}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        self._probe.turn("red", "broken")

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        if self.raises:
            raise ReplicaError("it cannot be undone now")
        self._probe.turn("green")

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return False


class Untouched(Stuck):
    """In a replay nothing is done."""

    def inject(self, *_: Any) -> None:
        raise AssertionError("it was broken again")

    def heal(self, *_: Any) -> None:
        raise AssertionError("it was healed again")

    def gone(self, *_: Any) -> bool:
        raise AssertionError("it was looked at")


def begin(faults: Faults, fault: Fault, at_s: float) -> None:
    faults.inject(Armed(SPEC, limited(fault, LASTS_S), ("vault",), 2.0), at_s, lambda: None)


class Over(Exception):
    """The record is played."""


class Never:
    def append(self, *_: object, **__: object) -> None:
        raise AssertionError("a replay wrote to the record")


@pytest.mark.parametrize("raises", [True, False])
def test_one_that_is_not_proven_is_replayed(stand: Stand, tmp_path: Path, raises: bool) -> None:
    conductor, replica = stand.conductor, FakeReplica(["vault"], tmp_path)
    faults = Faults(conductor, replica, Ledger(tmp_path))
    at_s = conductor.now()
    begin(faults, Stuck(raises=raises).of(stand.probes["vault"]), at_s)
    conductor.run_until(lambda: False, at_s + 2 * LASTS_S)
    assert "fault.proven" not in stand.kinds()
    assert stand.kinds().count("fault.healed") == (0 if raises else 1)

    events = list(stand.record.events)
    time = ResumedTime(START, 0, events[-1].drill_s)
    clock = JumpClock(time)
    second = Conductor(clock, cast("Record", Never()))
    second.sampler = Sampler(list(stand.probes.values()), clock, second.emit)
    second.sampler.recorded = second.replay_round

    def over() -> None:
        raise Over

    second.replay = replay = Replay(events, time, clock, second.hear, over)
    again = Faults(second, replica, Ledger(tmp_path))
    with suppress(Over):
        second.sampler.round()
        begin(again, Untouched(raises=raises), at_s)
        second.run_until(lambda: False, at_s + 2 * LASTS_S)
    assert replay.upcoming() is None, "all that the drill itself did was done again"
