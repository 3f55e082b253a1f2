"""The stages of a drill, each a small function that takes the drill and returns when the stage is over.

provision → steady → brief → respond → observe, and then, whatever happened, heal → close.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from blackstart.drill.folder import keep_logs, remove_replica
from blackstart.errors import BlackstartError, InvalidDrill, ReplicaError
from blackstart.events import (
    HarnessError,
    ReplicaDown,
    ReplicaUp,
    StageEntered,
    SteadyFailed,
    SteadyReached,
)
from blackstart.probes import Sampler
from blackstart.replica.patience import patience
from blackstart.replica.telling import Imaged

if TYPE_CHECKING:
    from blackstart.drill.arming import Armed
    from blackstart.drill.drill import Drill

__all__ = ["STAGES", "Stage", "close", "heal", "sampler_of"]

Stage = Callable[["Drill"], None]

LONGEST_START_S = 300.0
"""Real seconds in which a replica is up, on the slowest machine, with every seed to be made anew."""

LONGEST_CLOSE_S = 300.0
"""Real seconds in which all has ended and the replica is down. Docker alone may take a minute over one answer."""

SETTLING_S = 20.0
"""Real seconds for a fresh replica's probes to turn green before steady time begins to count."""


def provision(drill: Drill) -> None:
    """Bring the replica up and declare its probes. In jump mode drill time stands still meanwhile."""
    _enter(drill, "provision")
    if not drill.conductor.replaying():  # a resumed drill has its replica up again before
        # What has no health check is waited for once all others are up.
        drill.pulse.beat(LONGEST_START_S + 2 * patience(drill.replica))
        drill.replica.up(drill.progress)
        drill.faults.rehearse(drill.armed)
    components = [
        {"name": c.name, "kind": c.kind, "version": c.version, "endpoint": c.endpoint}
        for c in drill.replica.components().values()
    ]
    images = dict(drill.replica.images()) if isinstance(drill.replica, Imaged) else None
    drill.emit(ReplicaUp(drill.replica.label, components, images))
    drill.conductor.sampler = sampler_of(drill)
    if drill.conductor.replay:
        drill.conductor.sampler.recorded = drill.conductor.replay_round
    drill.conductor.sampler.declare()
    drill.staff.open_terminals()
    drill.alerting.begin(drill.replica)
    drill.happenings.begin(drill.replica)


def sampler_of(drill: Drill) -> Sampler:
    """What reads the probes of its replica, and those that its faults bring."""
    probes = [*drill.replica.probes(), *drill.faults.probes(drill.armed)]
    return Sampler(probes, drill.clock, drill.conductor.emit)


def steady(drill: Drill) -> None:
    """Every probe green for the scenario's steady time, or the drill is invalid: nobody is scored on a broken replica."""
    _enter(drill, "steady")
    probes = drill.conductor.probes()
    probes.round()
    if not probes.all_green():
        drill.conductor.watch(probes.all_green, SETTLING_S)
    began_s = drill.conductor.now()
    drill.conductor.run_until(lambda: not probes.all_green(), began_s + drill.scenario.steady)
    if not probes.all_green():
        _not_steady(drill, probes.not_green())
    drill.emit(SteadyReached(drill.scenario.steady))


def _not_steady(drill: Drill, red: dict[str, str]) -> None:
    drill.emit(SteadyFailed(red))
    seen = "; ".join(f"{probe}: {reason}" for probe, reason in red.items())
    raise InvalidDrill(
        f"the replica was not steady for {drill.scenario.steady:g} s before the first fault: {seen}",
        hint=f"see the logs in {drill.folder}",
    )


def brief(drill: Drill) -> None:
    """Tell participants what they are told beforehand: no spoilers."""
    _enter(drill, "brief")
    drill.staff.threads.post_scripted("facilitator", "#briefing", drill.scenario.brief)


def respond(drill: Drill) -> None:
    """Faults and injects by the schedule, people act; over at recovery or at the limit."""
    _enter(drill, "respond")
    start_s = drill.conductor.now()
    for armed in drill.armed:
        at_s = start_s + armed.spec.at
        drill.conductor.at(at_s, armed.id, _injection(drill, armed, at_s))
    drill.injects.begin(start_s)
    watch = drill.recovery
    watch.expect_fault()
    recovered = drill.conductor.run_until(watch.recovered, start_s + drill.scenario.limits.respond)
    if watch.awaited > 0:
        raise InvalidDrill(
            f"{watch.awaited} of {sum(armed.turns for armed in drill.armed)} injections never came: "
            f"the response's limit of {drill.scenario.limits.respond:g} s came first",
            hint="let each fault begin before limits.respond",
        )
    if not recovered:
        drill.end("limit", "the response's time limit passed before recovery")


def _injection(drill: Drill, armed: Armed, at_s: float) -> Callable[[], None]:
    return lambda: drill.faults.inject(armed, at_s, drill.recovery.fault_seen)


def observe(drill: Drill) -> None:
    """The clean window: any red restarts it. Over at the all-clear after it, or when nobody gives one."""
    if drill.ended:
        return
    _enter(drill, "observe")
    watch, conductor = drill.recovery, drill.conductor
    limit_s = conductor.now() + drill.scenario.limits.observe
    window_s = drill.clean_window_s
    patience_s = drill.protocol.updates.observing_every
    done = watch.window(window_s, patience_s)
    if conductor.run_until(done, limit_s):
        drill.end("recovered")
    else:
        drill.end("limit", "the observation's time limit passed before a clean window")


def heal(drill: Drill) -> None:
    """Undo whatever is in the ledger, whatever happened, and prove it."""
    _enter_at_last(drill, "heal")
    drill.pulse.ending()
    drill.conductor.agenda.clear()
    if drill.conductor.sampler is not None:
        drill.faults.heal_all(scored=drill.ended in ("recovered", "limit"))


def close(drill: Drill) -> None:
    """Take the replica down, keep its logs, and leave nothing running. What only keeps evidence keeps it from nothing.

    ReplicaError when the replica cannot be taken down. Whatever else goes wrong is raised once all of it is done.
    """
    failed = [_enter_at_last(drill, "close"), *(_tried(drill, each) for each in _endings(drill))]
    _take_down(drill)
    drill.faults.servers_gone()
    drill.note(ReplicaDown())
    failed.append(_tried(drill, lambda: keep_logs(drill.folder)))
    remove_replica(drill.folder)
    for error in filter(None, failed):
        raise error


def _endings(drill: Drill) -> Iterator[Callable[[], None]]:
    """What ends before the replica does."""
    if drill.conductor.sampler is not None:
        yield drill.conductor.sampler.close
    yield lambda: drill.pulse.beat(LONGEST_CLOSE_S)
    yield drill.staff.close
    yield drill.alerting.close
    yield drill.happenings.close


def _tried(drill: Drill, act: Callable[[], None]) -> Exception | None:
    """Do it, and go on: why it failed is on record, and returned."""
    try:
        act()
    except Exception as error:  # whatever it is (a full disk, a bug): what is broken must be healed, and end
        drill.note(HarnessError(drill.stage, f"{type(error).__name__}: {error}"))
        return error
    return None


def _take_down(drill: Drill) -> None:
    try:
        drill.replica.down()
    except BlackstartError:
        raise
    except Exception as error:
        raise ReplicaError(f"{type(error).__name__}: {error}", hint="run: blackstart recover") from error


def _enter(drill: Drill, stage: str) -> None:
    drill.stage = stage
    drill.note(StageEntered(stage))
    drill.conductor.dispatch()


def _enter_at_last(drill: Drill, stage: str) -> Exception | None:
    """Enter a stage that comes whatever happened: what its listeners raise (a full disk) is returned."""
    return _tried(drill, lambda: _enter(drill, stage))


STAGES: tuple[Stage, ...] = (provision, steady, brief, respond, observe)
