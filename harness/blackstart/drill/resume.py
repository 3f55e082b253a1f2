"""Going on with a drill whose harness died: same servers, same ports, same faults, from the last durable event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart import runbook as runbooks
from blackstart import watchdog
from blackstart.check import InputFile, ScenarioBundle
from blackstart.clock import DrillClock, JumpClock, RealClock, ResumedTime, SystemTime, stamp
from blackstart.crew import Crew
from blackstart.drill.arming import arm
from blackstart.drill.assemble import assembled, closed
from blackstart.drill.conductor import Conductor
from blackstart.drill.drill import Options
from blackstart.drill.folder import REPLICA, label_of, mine
from blackstart.drill.past import Past
from blackstart.drill.replay import Replay
from blackstart.drill.run import Result, finished
from blackstart.errors import UsageError
from blackstart.events import DrillOpened, DrillResumed, Event
from blackstart.faults.healer import heal
from blackstart.faults.ledger import Ledger
from blackstart.platform import Platform
from blackstart.protocol import Protocol
from blackstart.record.complete import complete
from blackstart.record.reader import read
from blackstart.record.store import Record
from blackstart.replica.local import LocalReplica
from blackstart.replica.tools import ensure_tools
from blackstart.scenario import Scenario
from blackstart.source import recorded_text

if TYPE_CHECKING:
    from blackstart.drill.drill import Drill, Mode
    from blackstart.replica.base import Progress

__all__ = ["clock_of", "options_from", "options_of", "resume"]


def options_of(folder: Path) -> Options:
    """What a drill was asked to do, from its own record: no file of today counts. UsageError when it cannot go on."""
    return options_from(_resumable(folder), folder)


def options_from(events: list[Event], folder: Path) -> Options:
    """What the drill of these events was asked to do."""
    opened = events[0].body
    assert isinstance(opened, DrillOpened)
    files = {file["kind"]: InputFile(**file) for file in opened.inputs}
    mode: Mode = "jump" if opened.clock == "jump" else "real" if opened.clock == "real" else "paced"
    return Options(
        bundle=_bundle(folder, files),
        crew=recorded_text(Crew, files["crew"].text, files["crew"].path),
        crew_name=opened.crew,
        crew_file=files["crew"],
        reports=folder.parent,
        seed=opened.seed,
        replica=opened.replica,
        mode=mode,
        pace=opened.pace,
    )


def _bundle(folder: Path, files: dict[str, InputFile]) -> ScenarioBundle:
    scenario, protocol, runbook, platform = (
        files[k] for k in ("scenario", "protocol", "runbook", "platform")
    )
    return ScenarioBundle(
        folder,
        recorded_text(Scenario, scenario.text, scenario.path),
        recorded_text(Protocol, protocol.text, protocol.path),
        runbooks.parse(runbook.text, runbook.path),
        recorded_text(Platform, platform.text, platform.path),
        (scenario, protocol, runbook, platform),
    )


def _resumable(folder: Path) -> list[Event]:
    """The drill's events. UsageError, with the reason, for one that cannot go on."""
    events = read(folder)
    kinds = {event.kind for event in events}
    if "drill.closed" in kinds:
        raise UsageError(
            f"{folder.name} is closed", hint="run it again: a closed record is not written to any more"
        )
    if "replica.up" not in kinds:
        hint = "blackstart recover closes it; then run it again"
        raise UsageError(f"{folder.name} died before its replica was up", hint=hint)
    if not (folder / REPLICA).is_dir():
        raise UsageError(f"{folder.name} has no servers' data any more", hint="blackstart recover closes it")
    return events


def resume(options: Options, folder: Path) -> Result:
    """Go on with a drill, to its end and its reports. Errors as of `run`; UsageError when it is running."""
    ensure_tools(options.progress)

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
        complete(folder)
        guard = watchdog.start(label, folder)
        clock, time = clock_of(options, events)
        record = Record.reopen(folder)
        try:
            replica = _servers(folder, label, options.progress)
            armed = arm(options.bundle.scenario.faults, options.bundle.platform, options.seed)
            conductor = Conductor(clock, record)
            drill = assembled(options, folder.name, folder, replica, conductor, armed, Past.of(events), guard)
            conductor.replay = Replay(events, time, clock, conductor.hear, _alive(drill, time, events[-1]))
            conductor.emit(events[0].body, actor=events[0].actor, source=events[0].source)
            yield drill
        finally:
            watchdog.kill(label)
            guard.goodbye()
            closed(record, stamp(clock))


def _servers(folder: Path, label: str, progress: Progress) -> LocalReplica:
    replica = LocalReplica.attach(folder / REPLICA, label)
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


def _alive(drill: Drill, time: ResumedTime, last: Event) -> Callable[[], None]:
    """What is done when the record is played: time runs, and what was broken is broken again."""

    def over() -> None:
        time.thaw()
        drill.conductor.come_alive()
        dead_s = (SystemTime().now().wall - datetime.fromisoformat(last.wall)).total_seconds()
        drill.emit(DrillResumed(round(dead_s, 3)))
        drill.faults.reinject()
        drill.conductor.probes().round()

    return over
