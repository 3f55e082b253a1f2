"""Time: the only module that reads a clock.

An `Instant` is a pair: aware UTC for the reader, monotonic nanoseconds for the arithmetic.
A `DrillClock` counts drill seconds in one of three modes (design, the drill):

    RealClock(pace=1)   drill time is wall time; `pace` 6 makes a drill minute last ten seconds
    JumpClock           drill time stands still while everybody waits, runs with real time inside
                        `running()`, and jumps to the next scheduled instant

Pause stops every one of them: paused time is in no metric and moves no schedule.
Tests use `blackstart.testing.ManualTime` in place of the machine's time.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = [
    "DrillClock",
    "Instant",
    "JumpClock",
    "RealClock",
    "ResumedTime",
    "Stamp",
    "SystemTime",
    "TimeSource",
    "after",
    "iso",
    "stamp",
]

NS = 1_000_000_000


def iso(moment: datetime) -> str:
    """An aware moment as `2026-04-26T15:42:00.000000Z`: sorts as text, one form everywhere."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def after(start: datetime, seconds: float) -> datetime:
    """The moment that many seconds after `start`."""
    return start + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment of the machine: `wall` for people, `mono_ns` for subtraction."""

    wall: datetime
    mono_ns: int

    def seconds_since(self, earlier: Instant) -> float:
        """Real seconds between two instants, by the monotonic clock alone."""
        return (self.mono_ns - earlier.mono_ns) / NS


class TimeSource(Protocol):
    """Where a clock gets the machine's time. `SystemTime` in use, a manual one in tests."""

    def now(self) -> Instant: ...

    def sleep(self, seconds: float) -> None: ...


class SystemTime:
    """The machine's own time."""

    def now(self) -> Instant:
        return Instant(datetime.now(UTC), time.monotonic_ns())

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class ResumedTime:
    """The time of a drill that goes on after its harness died: stands where `move_to` puts it, until `thaw`.

    `start` is the drill's start; `mono_ns` what the monotonic clock read at the drill second `drill_s`. From `thaw`
    on it runs with the machine, from where it stood: the time in between counts for nothing.
    """

    def __init__(self, start: datetime, mono_ns: int, drill_s: float, *, pace: float = 1.0) -> None:
        self.pace = pace
        self._first = Instant(start, mono_ns - round(drill_s / pace * NS))
        self._stands: Instant | None = self._first
        self._offset_ns = 0

    def now(self) -> Instant:
        if self._stands is not None:
            return self._stands
        machine = _MACHINE.now()
        return Instant(machine.wall, machine.mono_ns - self._offset_ns)

    def sleep(self, seconds: float) -> None:
        """Waits only once it is thawed: before, nothing is under way that could be waited for."""
        if self._stands is None:
            _MACHINE.sleep(seconds)

    def move_to(self, drill_s: float) -> None:
        """Stand at that drill second. ValueError once it is thawed."""
        if self._stands is None:
            raise ValueError("time that runs cannot be moved")
        real_ns = self._real_ns(drill_s)
        self._stands = Instant(after(self._first.wall, real_ns / NS), self._first.mono_ns + real_ns)

    def _real_ns(self, drill_s: float) -> int:
        """The first nanosecond at which a clock of this pace reads that drill second: never one just before it,
        at which whoever waits for that second would wait for ever.
        """
        real_ns = math.ceil(drill_s / self.pace * NS)
        while real_ns / NS * self.pace < drill_s:
            real_ns += 1
        return real_ns

    def thaw(self) -> None:
        """Run with the machine from here on."""
        if self._stands is not None:
            self._offset_ns = _MACHINE.now().mono_ns - self._stands.mono_ns
            self._stands = None


_MACHINE = SystemTime()


class DrillClock(Protocol):
    """Drill time, in seconds since the drill began.

    `at` is the drill's UTC: its start plus the drill seconds. People's stamps are checked against it.
    """

    mode: str
    pace: float
    source: TimeSource
    start: Instant

    def seconds(self) -> float: ...

    def at(self) -> datetime: ...

    def pause(self) -> None: ...

    def unpause(self) -> float: ...

    def running(self) -> AbstractContextManager[None]: ...

    def real_seconds_until(self, drill_s: float) -> float: ...

    def replay_to(self, drill_s: float) -> None: ...


class RealClock:
    """Drill time runs with real time, `pace` times as fast, save while paused. Safe to ask from any thread.

    Kept in whole nanoseconds of the monotonic clock, so that no pause, however many there are, adds a rounding.
    """

    def __init__(self, source: TimeSource | None = None, *, pace: float = 1.0) -> None:
        if not (math.isfinite(pace) and pace > 0):
            raise ValueError(f"a pace is a number above 0, not {pace}")
        self.source: TimeSource = source or SystemTime()
        self.pace = pace
        self.mode = "real" if pace == 1.0 else "paced"
        self.start = self.source.now()
        self._paused_ns = 0
        self._since_ns: int | None = None
        self._lock = threading.Lock()

    def seconds(self) -> float:
        with self._lock:
            until = self.source.now().mono_ns if self._since_ns is None else self._since_ns
            return (until - self.start.mono_ns - self._paused_ns) / NS * self.pace

    def at(self) -> datetime:
        return after(self.start.wall, self.seconds())

    def pause(self) -> None:
        """Stop drill time. A clock that is paused stays so."""
        with self._lock:
            if self._since_ns is None:
                self._since_ns = self.source.now().mono_ns

    def unpause(self) -> float:
        """End the pause; returns its real seconds, 0 when there was none."""
        with self._lock:
            if self._since_ns is None:
                return 0.0
            lasted_ns = self.source.now().mono_ns - self._since_ns
            self._paused_ns += lasted_ns
            self._since_ns = None
            return lasted_ns / NS

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time always runs here; the same call as `JumpClock.running`."""
        yield

    def replay_to(self, drill_s: float) -> None:
        """Nothing is to be done: this clock reads where its `ResumedTime` stands."""

    def real_seconds_until(self, drill_s: float) -> float:
        """Real seconds to wait for that drill second; 0 when it has passed. While paused, those from the pause's end."""
        return max(0.0, (drill_s - self.seconds()) / self.pace)


class JumpClock:
    """Drill time stands still, save inside `running()` and at `jump_to`. Safe to ask from any thread."""

    mode = "jump"
    pace = 1.0

    def __init__(self, source: TimeSource | None = None) -> None:
        self.source: TimeSource = source or SystemTime()
        self.start = self.source.now()
        self._banked = 0.0
        self._since: Instant | None = None
        self._paused = False
        self._holders = 0
        self._lock = threading.Lock()

    def seconds(self) -> float:
        with self._lock:
            return self._banked + self._open_stretch(self.source.now())

    def _open_stretch(self, now: Instant) -> float:
        return now.seconds_since(self._since) if self._since else 0.0

    def at(self) -> datetime:
        return after(self.start.wall, self.seconds())

    @contextmanager
    def running(self) -> Iterator[None]:
        """While something real is under way, drill time runs with real time. Stretches may overlap."""
        self._hold(+1)
        try:
            yield
        finally:
            self._hold(-1)

    def _hold(self, change: int) -> None:
        with self._lock:
            self._holders += change
            self._settle()

    def _settle(self) -> None:
        """Bank the open stretch and open a new one if time should run from here, by one reading of the machine's
        clock: with two, the time between them would be in no stretch.
        """
        now = self.source.now()
        self._banked += self._open_stretch(now)
        self._since = now if self._holders and not self._paused else None

    def pause(self) -> None:
        """Stop drill time, also for what is real and under way. A clock that is paused stays so."""
        with self._lock:
            self._paused = True
            self._settle()

    def unpause(self) -> float:
        """Drill time goes on. Returns 0: in this mode nobody waited for it."""
        with self._lock:
            self._paused = False
            self._settle()
        return 0.0

    def real_seconds_until(self, drill_s: float) -> float:
        """Always 0: this clock never waits, its driver jumps it."""
        return 0.0

    def replay_to(self, drill_s: float) -> None:
        """Stand at a drill second that is on record already; only for a clock over `ResumedTime` that is not thawed."""
        with self._lock:
            self._banked = drill_s
            self._since = self.source.now() if self._holders else None

    def jump_to(self, drill_s: float) -> float:
        """Go straight to that drill second; returns the seconds skipped.

        ValueError for a paused clock, for a second that has passed (time never goes back), and while something real
        is under way: its end would be stamped with a time at which it was not.
        """
        with self._lock:
            if self._paused:
                raise ValueError("a paused clock does not jump")
            if self._holders:
                raise ValueError("a clock does not jump while something real is under way")
            skipped = drill_s - self._banked
            if not (math.isfinite(drill_s) and skipped >= 0):
                raise ValueError(f"drill time cannot go from {self._banked:.6f} s to {drill_s:.6f} s")
            self._banked = drill_s
            return skipped


@dataclass(frozen=True, slots=True)
class Stamp:
    """Both times of an event: `at` and `drill_s` by the drill's clock, `wall` and `mono_ns` by the machine's."""

    at: str
    wall: str
    mono_ns: int
    drill_s: float


def stamp(clock: DrillClock) -> Stamp:
    """This instant, by both clocks. Drill seconds are kept to the microsecond."""
    machine = clock.source.now()
    drill_s = round(clock.seconds(), 6)
    return Stamp(iso(after(clock.start.wall, drill_s)), iso(machine.wall), machine.mono_ns, drill_s)
