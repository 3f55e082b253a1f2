"""Puts a drill together from what was asked, and takes it apart again: folder, record, watchdog, replica, people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart import __version__, watchdog
from blackstart.clock import DrillClock, JumpClock, RealClock, Stamp, iso, stamp
from blackstart.drill.alerting import Alerting
from blackstart.drill.arming import arm
from blackstart.drill.conductor import Conductor
from blackstart.drill.drill import Drill, Options
from blackstart.drill.faulting import Faults
from blackstart.drill.folder import REPLICA, mine, new_label
from blackstart.drill.guard import Guard
from blackstart.drill.happenings import Happenings
from blackstart.drill.msel import Injects
from blackstart.drill.past import Past
from blackstart.drill.pulse import Pulse
from blackstart.drill.recovery import Recovery
from blackstart.drill.staff import Staff
from blackstart.errors import BlackstartError, UsageError
from blackstart.events import SCHEMA, DrillOpened
from blackstart.faults.ledger import Ledger
from blackstart.people.alerts import Alerts
from blackstart.probes import INTERVAL_S
from blackstart.record.ids import claim
from blackstart.record.store import Record, WriteFailed
from blackstart.replica.chosen import chosen
from blackstart.replica.containers import remains

if TYPE_CHECKING:
    from blackstart.drill.arming import Armed
    from blackstart.replica.base import Replica

__all__ = ["assembled", "closed", "header", "opened", "without_containers"]


@contextmanager
def opened(options: Options) -> Iterator[Drill]:
    """A drill with its folder, record and watchdog; all of it is closed at the end of the block.

    Whatever carries the drill's label is ended there too: a server that came up while a signal went through.
    Errors: UsageError for a folder or a fault type that cannot be, before anything is made.
    """
    armed = arm(options.bundle.scenario.faults, options.bundle.platform, options.seed, options.replica)
    clock: DrillClock = JumpClock() if options.mode == "jump" else RealClock(pace=options.pace)
    drill_id, folder = claim(options.reports, clock.start.wall.date())
    with mine(folder) as ours:
        if not ours:
            raise UsageError(f"another process works in {folder}", hint="run the drill again")
        label = new_label(folder)
        record = Record.create(folder)
        guard = watchdog.start(label, folder)
        try:
            replica = _replica(options, folder, label)
            conductor = Conductor(clock, record)
            drill = assembled(options, drill_id, folder, replica, conductor, armed, Past(), guard)
            drill.emit(header(options, drill_id, clock))
            yield drill
        finally:
            watchdog.kill(label)
            without_containers(remains.remove, folder, label, options)
            guard.goodbye()
            closed(record, stamp(clock))


def without_containers(
    act: Callable[[Path, str], object], folder: Path, label: str, options: Options
) -> None:
    """End what a drill that was broken off has left in docker; one that was closed has left nothing.

    Never raises: why the drill is over is the news. Whoever watches is told what may be left.
    """
    try:
        act(folder / REPLICA, label)
    except Exception as error:  # of docker, of the SDK, of a disk: it is told in words
        what = error.message if isinstance(error, BlackstartError) else f"{type(error).__name__}: {error}"
        options.say(f"containers may be left: {what}; run: blackstart recover")


def _replica(options: Options, folder: Path, label: str) -> Replica:
    people = [person.id for person in options.crew.participants]
    return chosen(
        options.replica,
        folder / REPLICA,
        label,
        people,
        platform=options.bundle.platform,
        compose=options.compose,
        contexts=options.allowed.contexts,
        strangers=options.allowed.strangers,
        up_within_s=options.allowed.up_within,
    )


def closed(record: Record, last: Stamp) -> None:
    """Close the record. One that cannot be written stays unclosed, for `recover`; the drill has said why."""
    try:
        record.close(last)
    except WriteFailed:
        record.leave()


def assembled(
    options: Options,
    drill_id: str,
    folder: Path,
    replica: Replica,
    conductor: Conductor,
    armed: list[Armed],
    past: Past,
    guard: watchdog.Watchdog,
) -> Drill:
    """The parts, joined; listeners in the order in which they hear of an event."""
    bundle = options.bundle
    pulse = Pulse(guard)
    conductor.beat = pulse.beat
    conductor.jumped = replica.let_pass
    staff = Staff(options, drill_id, folder, conductor, replica, past)
    alerting = Alerting(conductor, Alerts(conductor.emit), staff.pager)
    injects = Injects(
        list(bundle.scenario.injects), conductor, staff.pager, staff.threads, bundle.protocol, alerting
    )
    drill = Drill(
        drill_id,
        folder,
        bundle,
        conductor,
        replica,
        staff,
        Faults(conductor, replica, Ledger(folder, drill_id)),
        pulse,
        armed,
        injects,
        alerting,
        options.progress,
    )
    drill.recovery = Recovery(drill)
    drill.happenings = Happenings(drill)
    conductor.listeners += [
        drill.happenings.on_event,
        drill.recovery.on_event,
        drill.faults.on_event,
        Guard(bundle.scenario.abort_when, conductor).on_event,
        injects.on_event,
        staff.on_event,
        *options.listeners,
    ]
    return drill


def header(options: Options, drill_id: str, clock: DrillClock) -> DrillOpened:
    """The first event: what this drill is, with every file it is run from."""
    more = [file for file in (options.plan, options.compose_file) if file]
    files = [*options.bundle.files, options.crew_file, *more]
    return DrillOpened(
        drill=drill_id,
        schema=SCHEMA,
        blackstart=__version__,
        scenario=options.bundle.files[0].path,
        crew=options.crew_name,
        seed=options.seed,
        replica=options.replica,
        clock=clock.mode,
        pace=clock.pace,
        start=iso(clock.start.wall),
        probe_interval_s=INTERVAL_S,
        participants=[{"id": p.id, "roles": list(p.roles)} for p in options.crew.participants],
        inputs=[file.to_data() for file in files],
    )
