"""Going on with a drill whose harness died: same servers, same ports, same faults, from the last durable event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart import watchdog
from blackstart.clock import (
    DrillClock,
    JumpClock,
    RealClock,
    ResumedTime,
    SystemTime,
    stamp,
)
from blackstart.drill import stages
from blackstart.drill.arming import arm
from blackstart.drill.assemble import assembled, closed, without_containers
from blackstart.drill.conductor import Conductor
from blackstart.drill.folder import REPLICA, label_of, mine
from blackstart.drill.past import Past
from blackstart.drill.recorded import in_hours, options_from
from blackstart.drill.replay import Replay
from blackstart.drill.run import Result, finished
from blackstart.errors import UsageError
from blackstart.events import DrillEnded, DrillOpened, DrillResumed, Event
from blackstart.faults.healer import heal
from blackstart.faults.ledger import Ledger
from blackstart.record.reader import read
from blackstart.record.store import Record
from blackstart.replica.attached import attach
from blackstart.replica.chosen import tools_of
from blackstart.replica.containers import remains
from blackstart.replica.tools import ensure_tools

if TYPE_CHECKING:
    from blackstart.drill.drill import Drill, Options
    from blackstart.replica.base import Progress, Replica

__all__ = ["clock_of", "let_go", "options_of", "play", "resume"]


def options_of(folder: Path) -> Options:
    """What a drill was asked to do, from its own record: no file of today counts. UsageError when it cannot go on."""
    events = _resumable(folder)
    options = options_from(events, folder)
    if not _ended(events):
        in_hours(options)
    return options


def _resumable(folder: Path) -> list[Event]:
    """The drill's events. UsageError, with the reason, for one that cannot go on."""
    events = read(folder)
    kinds = {event.kind for event in events}
    if "drill.closed" in kinds:
        raise UsageError(
            f"{folder.name} is closed", hint="run it again: a closed record is not written to any more"
        )
    if "abort.asked" in kinds or _ended(events) == "aborted":
        raise UsageError(f"{folder.name} was aborted", hint="blackstart recover finishes it")
    if "replica.up" not in kinds:
        hint = "blackstart recover closes it; then run it again"
        raise UsageError(f"{folder.name} died before its replica was up", hint=hint)
    if "replica.down" in kinds or not (folder / REPLICA).is_dir():
        raise UsageError(f"{folder.name} has no servers' data any more", hint="blackstart recover closes it")
    return events


def _ended(events: list[Event]) -> str:
    """Why the drill was over before its harness died; empty when it was not."""
    return next((event.body.reason for event in events if isinstance(event.body, DrillEnded)), "")


def resume(options: Options, folder: Path) -> Result:
    """Go on with a drill, to its end and its reports. Errors as of `run`; UsageError when it is running."""
    ensure_tools(options.progress, tools_of(options.replica, options.compose))

    def reopened(options: Options) -> Iterator[Drill]:
        return _reopened(options, folder)

    return finished(options, contextmanager(reopened))


def _reopened(options: Options, folder: Path) -> Iterator[Drill]:
    """The drill as it was when its harness died, its servers up again; closed at the end of the block."""
    if not watchdog.finished(folder):
        raise UsageError(
            f"the watchdog of {folder.name} still clears up", hint="see watchdog.log in its folder"
        )
    with mine(folder) as ours:
        if not ours:
            raise UsageError(f"{folder.name} is still running", hint="blackstart list says which drills are")
        events = _resumable(folder)
        label = label_of(folder)
        watchdog.kill(label)
        watchdog.end_stopped(label)
        record = Record.reopen(folder)
        guard = watchdog.start(label, folder)
        drill: Drill | None = None
        try:
            drill = _brought_back(options, folder, events, record, guard)
            yield drill
        finally:
            watchdog.kill(label)
            act = remains.end if _as_before(drill) else remains.remove
            without_containers(act, folder, label, options)
            guard.goodbye()
            let_go(record, drill)


def let_go(record: Record, drill: Drill | None) -> None:
    """Close the record of a drill that went on; one that never came so far can be resumed or recovered as before."""
    if drill is None or drill.conductor.replaying():
        record.leave()
    else:
        closed(record, stamp(drill.clock))


def _as_before(drill: Drill | None) -> bool:
    """Whether it never came so far that anything of it went on."""
    return drill is None or drill.conductor.replaying()


def _brought_back(
    options: Options, folder: Path, events: list[Event], record: Record, guard: watchdog.Watchdog
) -> Drill:
    """The drill with its servers up, about to play its record; at its end already when it was over."""
    replica = _servers(folder, label_of(folder), options.progress)
    clock, time = clock_of(options, events)
    armed = arm(options.bundle.scenario.faults, options.bundle.platform, options.seed, options.replica)
    conductor = Conductor(clock, record)
    drill = assembled(options, folder.name, folder, replica, conductor, armed, Past.of(events), guard)
    play(drill, events, time)
    return drill


def play(drill: Drill, events: list[Event], time: ResumedTime) -> None:
    """Have a drill play its record before it goes on. One that was over when its harness died is only healed."""
    conductor = drill.conductor
    life = _Life(drill, time, events)
    conductor.replay = Replay(events, time, drill.clock, conductor.hear, life.goes_on, life.ends)
    conductor.emit(events[0].body, actor=events[0].actor, source=events[0].source)
    if reason := _ended(events):
        drill.ended = reason
        conductor.leave_replay()


def _servers(folder: Path, label: str, progress: Progress) -> Replica:
    replica = attach(folder / REPLICA, label)
    ledger = Ledger(folder)
    if (
        ledger.open_rows()
    ):  # nobody healed after a power cut: what lies in files must not keep a server from starting
        heal(ledger, replica, limit_s=0.0)
    replica.resume_up(progress)
    return replica


def clock_of(options: Options, events: list[Event]) -> tuple[DrillClock, ResumedTime]:
    """A clock of the drill's mode that stands at its start, and the time that moves it."""
    opened, last = events[0].body, events[-1]
    assert isinstance(opened, DrillOpened)
    start = datetime.fromisoformat(opened.start)
    time = ResumedTime(start, last.mono_ns, last.drill_s, pace=opened.pace)
    time.move_to(0.0)
    return (JumpClock(time) if options.mode == "jump" else RealClock(time, pace=options.pace)), time


class _Life:
    """What comes after the record was played, or is not played any more."""

    def __init__(self, drill: Drill, time: ResumedTime, events: list[Event]) -> None:
        self._drill = drill
        self._time = time
        self._events = events
        self._begun = False

    def goes_on(self) -> None:
        """Time runs, and what was broken is broken again; until all of it is, the drill can still `end` instead."""
        self._begin()
        self._drill.faults.reinject()
        self._drill.conductor.come_alive()
        if self._drill.conductor.sampler is not None:  # else the replica was just up: it is declared next
            self._drill.conductor.probes().round()

    def ends(self) -> None:
        """Time runs, nothing is broken again, and what is to be healed is what the record and the ledger say."""
        self._begin()
        self._drill.faults.only_heal(self._drill.armed, self._events)
        sampler = self._drill.conductor.sampler = stages.sampler_of(self._drill)
        for event in self._events:
            sampler.take(event)
        self._drill.conductor.come_alive()

    def _begin(self) -> None:
        if self._begun:
            return
        self._begun = True
        self._time.thaw()
        died = datetime.fromisoformat(self._events[-1].wall)
        dead_s = (SystemTime().now().wall - died).total_seconds()
        self._drill.emit(DrillResumed(round(dead_s, 3)))
