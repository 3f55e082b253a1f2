"""Drill time, exactly: three modes, pauses that move no schedule, jumps, stretches of real time that overlap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.clock import (
    NS,
    DrillClock,
    Instant,
    JumpClock,
    RealClock,
    ResumedTime,
    Stamp,
    SystemTime,
    after,
    iso,
    stamp,
)
from blackstart.testing import START, ManualTime

MILLISECONDS = st.integers(0, 10_000_000)
PACES = st.sampled_from([0.5, 1.0, 2.0, 6.0, 7.3])


class Ticking:
    """A time source that moves by itself at every look, as the machine's does."""

    def __init__(self) -> None:
        self.ns = 0

    def now(self) -> Instant:
        self.ns += 1_000_000
        return Instant(START, self.ns)

    def sleep(self, seconds: float) -> None:
        self.ns += round(seconds * NS)


def test_iso_is_one_form_everywhere() -> None:
    moment = datetime(2026, 4, 26, 17, 42, tzinfo=timezone(timedelta(hours=2)))
    assert iso(moment) == "2026-04-26T15:42:00.000000Z"
    assert iso(datetime(2026, 4, 26, 15, 42, 0, 5, tzinfo=UTC)) == "2026-04-26T15:42:00.000005Z"


@given(st.lists(st.datetimes(timezones=st.just(UTC)), max_size=8))
def test_iso_sorts_as_time_does(moments: list[datetime]) -> None:
    assert [iso(moment) for moment in sorted(moments)] == sorted(iso(moment) for moment in moments)


def test_the_machine_moves_on_and_never_sleeps_backwards() -> None:
    machine = SystemTime()
    before = machine.now()
    machine.sleep(-1.0)
    later = machine.now()
    assert later.mono_ns >= before.mono_ns
    assert before.wall.tzinfo is UTC


# --- real and paced -------------------------------------------------------------------------------


@pytest.mark.parametrize(("pace", "mode"), [(1.0, "real"), (6.0, "paced")])
def test_drill_time_is_real_time_by_the_pace(pace: float, mode: str) -> None:
    time = ManualTime()
    clock = RealClock(time, pace=pace)
    time.advance(10)
    assert (clock.mode, clock.seconds()) == (mode, 10 * pace)
    assert clock.at() == START + timedelta(seconds=10 * pace)
    assert clock.real_seconds_until(40 * pace) == 30
    assert clock.real_seconds_until(5) == 0


@pytest.mark.parametrize("pace", [0.0, -1.0, float("nan"), float("inf")])
def test_a_pace_is_above_zero(pace: float) -> None:
    with pytest.raises(ValueError, match="a pace is a number above 0"):
        RealClock(ManualTime(), pace=pace)


@given(PACES, st.lists(st.tuples(MILLISECONDS, MILLISECONDS), max_size=20))
def test_a_pause_never_moves_a_schedule(pace: float, stretches: list[tuple[int, int]]) -> None:
    """However often and long it is paused, drill time is exactly that of a clock that never was."""
    time, twin_time = ManualTime(), ManualTime()
    clock, twin = RealClock(time, pace=pace), RealClock(twin_time, pace=pace)
    for run_ms, pause_ms in stretches:
        time.advance(run_ms / 1000)
        twin_time.advance(run_ms / 1000)
        clock.pause()
        time.advance(pause_ms / 1000)
        assert clock.seconds() == twin.seconds()
        assert clock.real_seconds_until(1e6) == twin.real_seconds_until(1e6)
        assert clock.unpause() == pause_ms / 1000
    assert clock.seconds() == twin.seconds()
    assert clock.at() == twin.at()


def test_what_is_due_four_minutes_after_the_pause_began_is_due_four_minutes_after_its_end() -> None:
    time = ManualTime()
    clock = RealClock(time)
    time.advance(60)
    clock.pause()
    time.advance(1000)
    assert clock.unpause() == 1000
    assert clock.real_seconds_until(300) == 240


def test_pausing_twice_is_pausing_once() -> None:
    time = ManualTime()
    clock = RealClock(time)
    clock.pause()
    time.advance(5)
    clock.pause()
    time.advance(5)
    assert (clock.unpause(), clock.unpause(), clock.seconds()) == (10, 0, 0)


def test_a_paused_clock_stands_exactly_still_on_a_machine_that_does_not() -> None:
    clock = RealClock(Ticking())
    clock.pause()
    assert clock.seconds() == clock.seconds()


@given(st.lists(st.sampled_from(["advance", "pause", "unpause", "look"]), max_size=40), PACES)
def test_real_time_never_goes_back(steps: list[str], pace: float) -> None:
    time = Ticking()
    clock = RealClock(time, pace=pace)
    seen = [clock.seconds()]
    for step in steps:
        {"advance": lambda: time.sleep(1.5), "pause": clock.pause, "unpause": clock.unpause}.get(
            step, lambda: None
        )()
        seen.append(clock.seconds())
    assert all(earlier <= later for earlier, later in pairwise(seen))


def test_running_changes_nothing_where_time_runs_anyway() -> None:
    time = ManualTime()
    clock = RealClock(time)
    with clock.running():
        time.advance(2)
    time.advance(2)
    assert clock.seconds() == 4


# --- jump -----------------------------------------------------------------------------------------


def test_time_stands_still_while_everybody_waits() -> None:
    time = ManualTime()
    clock = JumpClock(time)
    time.advance(100)
    assert (clock.seconds(), clock.at(), clock.real_seconds_until(50)) == (0, START, 0)


@given(st.lists(st.floats(0, 1e6), max_size=20))
def test_a_jump_arrives_exactly(targets: list[float]) -> None:
    clock = JumpClock(ManualTime())
    for target in sorted(targets):
        before = clock.seconds()
        assert clock.jump_to(target) == target - before
        assert clock.seconds() == target


def test_time_runs_while_something_real_is_under_way() -> None:
    time = ManualTime()
    clock = JumpClock(time)
    clock.jump_to(60)
    with clock.running():
        time.advance(2.5)
        assert clock.seconds() == 62.5
    time.advance(9)
    assert clock.seconds() == 62.5


def test_stretches_that_overlap_count_once() -> None:
    time = ManualTime()
    clock = JumpClock(time)
    with clock.running():
        time.advance(1)
        with clock.running():
            time.advance(2)
        time.advance(4)
    assert clock.seconds() == 7


def test_a_stretch_ends_with_what_was_under_way_however_that_ended() -> None:
    time = ManualTime()
    clock = JumpClock(time)

    def fails() -> None:
        with clock.running():
            time.advance(1)
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    time.advance(5)
    assert clock.seconds() == 1


def test_no_time_is_lost_between_two_stretches_on_a_machine_that_ticks() -> None:
    """Four looks at the clock, one each for the stretches' ends: the time from the first to the last counts."""
    time = Ticking()
    clock = JumpClock(time)
    with clock.running():
        began = time.ns
        with clock.running():
            pass
    assert clock.seconds() == (time.ns - 1_000_000 - began) / NS


@given(st.lists(st.tuples(MILLISECONDS, MILLISECONDS), max_size=10))
def test_paused_time_is_in_no_stretch(stretches: list[tuple[int, int]]) -> None:
    time, twin_time = ManualTime(), ManualTime()
    clock, twin = JumpClock(time), JumpClock(twin_time)
    with clock.running(), twin.running():
        for run_ms, pause_ms in stretches:
            time.advance(run_ms / 1000)
            twin_time.advance(run_ms / 1000)
            clock.pause()
            twin.pause()
            time.advance(pause_ms / 1000)
            assert clock.seconds() == twin.seconds()
            assert clock.unpause() == twin.unpause() == 0
    assert clock.seconds() == twin.seconds()


def test_where_a_jump_is_refused() -> None:
    clock = JumpClock(ManualTime())
    clock.jump_to(10)
    for target in (9.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="drill time cannot go from 10"):
            clock.jump_to(target)
    with clock.running(), pytest.raises(ValueError, match="something real is under way"):
        clock.jump_to(20)
    clock.pause()
    with pytest.raises(ValueError, match="a paused clock does not jump"):
        clock.jump_to(20)
    clock.unpause()
    assert clock.jump_to(20) == 10


# --- stamps ---------------------------------------------------------------------------------------


def test_a_stamp_has_both_times() -> None:
    time = ManualTime()
    clock: DrillClock = RealClock(time, pace=6)
    time.advance(1.5)
    assert stamp(clock) == Stamp(
        "2026-04-26T15:30:09.000000Z", "2026-04-26T15:30:01.500000Z", 1_500_000_000, 9.0
    )


def test_after_a_jump_the_two_times_differ() -> None:
    clock = JumpClock(ManualTime())
    clock.jump_to(3600)
    made = stamp(clock)
    assert (made.at, made.wall) == ("2026-04-26T16:30:00.000000Z", "2026-04-26T15:30:00.000000Z")
    assert after(START, made.drill_s) == clock.at()


@given(st.floats(0.0, 100_000.0), st.sampled_from([0.01, 0.3, 1.0, 7.3, 30.0, 200.0, 400.0, 1000.0]))
def test_a_replay_never_stands_just_before_the_second_it_was_put_to(drill_s: float, pace: float) -> None:
    time = ResumedTime(START, 10**15, 0.0, pace=pace)
    clock = RealClock(time, pace=pace)
    time.move_to(drill_s)
    assert drill_s <= clock.seconds() < drill_s + max(1e-6, 3 * pace / NS)
