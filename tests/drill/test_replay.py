"""A drill that is resumed plays its own record first: through all that it did, to exactly its last event."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blackstart.drill import stages
from blackstart.drill.arming import arm
from blackstart.drill.assemble import assembled
from blackstart.drill.conductor import Conductor
from blackstart.drill.past import Past
from blackstart.drill.recorded import options_from
from blackstart.drill.replay import Diverged, Replay
from blackstart.drill.resume import clock_of
from blackstart.events import CommandStarted, DrillOpened, DrillResumed, Event, FreeText, ThreadPosted
from blackstart.record.reader import read
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from blackstart.drill.drill import Drill
    from blackstart.record.store import Record
    from blackstart.watchdog import Watchdog

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"
EVENTS = read(SAMPLE / "record.jsonl")
LAST_BEFORE_THE_END = next(i for i, event in enumerate(EVENTS) if event.kind == "drill.ended")
UP = next(i for i, event in enumerate(EVENTS) if event.kind == "replica.up")


class Alive(Exception):
    """The record is played: here a real drill would go on."""


class Never:
    """A record that nothing may be written to."""

    def append(self, *_: object, **__: object) -> Event:
        raise AssertionError("a replay wrote to the record")


class Unheard:
    """A watchdog that listens, and does nothing."""

    def renew(self, seconds: float) -> None:
        assert seconds > 0

    def alive(self) -> bool:
        return True


class Untouched(FakeReplica):
    """A replica that a replay must leave alone; its probes have the names of the recorded ones."""

    def exited(self) -> dict[str, int]:
        raise AssertionError("a replay asked the servers")

    def _end(self, call: str, component: str) -> None:
        raise AssertionError("a replay broke something")


def replayed(events: list[Event], folder: Path) -> Drill:
    """The drill after its replay. Alive is what normally ends it."""
    options = options_from(events, SAMPLE)
    clock, time = clock_of(options, events)
    probes = [event.actor for event in EVENTS if event.kind == "probe.declared"]
    conductor = Conductor(clock, cast("Record", Never()))
    armed = arm(options.bundle.scenario.faults, options.bundle.platform, options.seed, options.replica)
    guard = cast("Watchdog", Unheard())
    replica = Untouched(probes, folder)
    drill = assembled(options, "sample", folder, replica, conductor, armed, Past.of(events), guard)

    def over() -> None:
        raise Alive

    conductor.replay = Replay(events, time, clock, conductor.hear, over)
    with pytest.raises(Alive):
        play(drill, events[0])
    return drill


def play(drill: Drill, opened: Event) -> None:
    drill.conductor.emit(opened.body, actor=opened.actor, source=opened.source)
    for stage in stages.STAGES:
        stage(drill)


@settings(max_examples=40)
@given(cut=st.integers(UP + 1, LAST_BEFORE_THE_END))
def test_from_wherever_the_harness_died(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    events = EVENTS[:cut]
    drill = replayed(events, tmp_path_factory.mktemp("drill"))
    assert drill.conductor.now() == events[-1].drill_s
    assert not drill.conductor.replaying()


def test_what_is_in_memory_then_is_what_was(tmp_path: Path) -> None:
    acked = next(i for i, event in enumerate(EVENTS) if event.kind == "page.acked")
    drill = replayed(EVENTS[: acked + 1], tmp_path)
    assert drill.staff.pager.page("p-1").acked == [EVENTS[acked].actor]
    assert drill.stage == "respond"
    assert "vault" in drill.conductor.probes().not_green()


def test_a_record_that_this_version_would_not_write_is_refused(tmp_path: Path) -> None:
    posted = next(i for i, event in enumerate(EVENTS) if isinstance(event.body, ThreadPosted) and i > UP)
    strange = replace(
        EVENTS[posted], actor="somebody", body=ThreadPosted("m-1", "#x", FreeText.of("hm"), False)
    )
    with pytest.raises(
        Diverged, match=r"the drill cannot be resumed: event \d+ of its record is thread.posted"
    ):
        replayed([*EVENTS[:posted], strange, *EVENTS[posted + 1 :]], tmp_path)


def playing(pace: float, events: list[Event]) -> Conductor:
    """A replay of these events with nothing of a drill around it."""
    options = replace(options_from(EVENTS, SAMPLE), mode="paced", pace=pace)
    opened = EVENTS[0].body
    assert isinstance(opened, DrillOpened)
    clock, time = clock_of(options, [replace(EVENTS[0], body=replace(opened, pace=pace)), *events])
    conductor = Conductor(clock, cast("Record", Never()))
    conductor.replay = Replay(events, time, clock, conductor.hear, lambda: None)
    return conductor


def post(conductor: Conductor) -> None:
    conductor.emit(posted(0.0, 0).body, actor="harness", source="harness")


def posted(drill_s: float, seq: int) -> Event:
    return replace(
        EVENTS[0], seq=seq, drill_s=drill_s, body=ThreadPosted("m", "#x", FreeText.of("hm"), bot=False)
    )


@settings(max_examples=200)
@given(st.floats(0.0, 20_000.0), st.floats(0.001, 700.0), st.sampled_from([1.0, 30.0, 200.0, 1000.0]))
def test_whoever_waits_for_a_second_comes_to_it(began_s: float, wait_s: float, pace: float) -> None:
    """What is due may lie a rounding behind the event that it caused, which is kept to the microsecond."""
    due_s = began_s + wait_s
    conductor = playing(pace, [posted(round(began_s, 6), 1), posted(round(due_s, 6), 2)])
    conductor.at(due_s, "post", lambda: post(conductor))
    post(conductor)
    conductor.run_until(lambda: not conductor.replaying(), due_s + 1.0)
    assert not conductor.replaying()


def test_a_command_that_an_earlier_harness_died_at_was_typed_again() -> None:
    command = next(i for i, event in enumerate(EVENTS) if event.kind == "command.started")
    started = EVENTS[command]
    finished = next(event for event in EVENTS[command:] if event.kind == "command.finished")
    resumed = replace(started, body=DrillResumed(3.0), actor="harness")
    assert isinstance(started.body, CommandStarted)
    replay = playing(1.0, [started, resumed, started, resumed, started, finished]).replay
    assert replay is not None
    assert replay.command(started.actor, started.body.line.shown) == finished.body
    assert not replay


def test_what_is_on_record_long_before_anything_is_due_is_another_drill() -> None:
    conductor = playing(1.0, [posted(1.0, 1), posted(5.0, 2)])
    post(conductor)
    with pytest.raises(Diverged, match=r"event 2 of its record is thread\.posted .* \(nothing until 9 s\)"):
        conductor.run_until(lambda: False, 9.0)


def test_a_replay_that_is_left_stands_at_its_end() -> None:
    conductor = playing(1.0, [posted(1.0, 1), posted(5.0, 2)])
    conductor.leave_replay()
    assert (conductor.now(), conductor.replaying()) == (5.0, False)
