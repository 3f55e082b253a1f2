"""Ending faults: every undo first, then what ended by itself is started, then a probe and the fault itself prove it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from blackstart.drill.active import CONTAINED
from blackstart.errors import BlackstartError, HealingUnproven, ReplicaError
from blackstart.events import FaultHealed, FaultHealing, FaultProven, FaultUnproven
from blackstart.faults.healer import AGAIN_AFTER_S, PROVEN_WITHIN_S
from blackstart.record.store import WriteFailed
from blackstart.replica.patience import patience

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from blackstart.drill.active import Active, Journal
    from blackstart.drill.conductor import Conductor
    from blackstart.drill.replay import Replay
    from blackstart.replica.base import Replica

__all__ = ["ServersLost", "heal", "watch"]

LONGEST_UNDO_S = 120.0
"""Real seconds in which one undo is over, on the slowest machine: it may have to start a server."""


class ServersLost(HealingUnproven):
    """A server of the replica is gone for good: nothing can be proven in it until all of it was taken down."""


def heal(
    ending: Sequence[Active],
    conductor: Conductor,
    replica: Replica,
    journal: Journal,
    *,
    last: bool,
    scored: bool = True,
) -> None:
    """Undo them, then prove them together.

    On one target they are undone in this order; targets are seen to side by side, so that one that is slow to come
    back keeps no other waiting. Every undo comes before the first proof, so that none waits for another's probe.

    The `last` healing raises HealingUnproven with what may remain. Before it, another fault may be what keeps a probe
    red: then the proof is left to the last. ServersLost, where nobody is `scored` and a server cannot be brought back.
    """
    for active in ending:  # before the first undo, which may mend more than its own fault
        active.by_people = _mended(active, conductor.replaying(), replica)
        active.ending = True
    failed = _undo(ending, conductor, replica, journal)
    if not conductor.replaying():
        _revive(ending, conductor, replica)
    if again := [active for active in ending if active.armed.id in failed]:
        failed = _undo(again, conductor, replica, journal)  # another fault may have been in its way
    undone = [active for active in ending if active.armed.id not in failed]
    failed |= _prove(undone, conductor, replica, journal)
    for active in ending:
        active.over = last or active.armed.id not in failed
    if failed and last:
        if not scored and _lost(conductor, replica):
            raise ServersLost(_summed(failed), hint="run: blackstart recover")
        _told(failed, ending, journal)


def _lost(conductor: Conductor, replica: Replica) -> bool:
    """Whether what ended could not be started again, on a replica whose faults end with its servers."""
    with suppress(ReplicaError):  # one that cannot be asked may be whole
        return replica.name in CONTAINED and not conductor.replaying() and bool(replica.exited())
    return False


def _summed(failed: Mapping[str, str]) -> str:
    return "healing is not proven: " + "; ".join(failed.values())


def _told(failed: Mapping[str, str], ending: Sequence[Active], journal: Journal) -> None:
    """On record, and raised: which faults may remain, and why."""
    for active in ending:
        if why := failed.get(active.armed.id):
            journal.write(active.armed, "unproven", FaultUnproven(active.armed.id, why))
    raise HealingUnproven(
        _summed(failed),
        hint="the replica is taken down all the same; blackstart recover checks that nothing is left",
    )


def _undo(
    ending: Sequence[Active], conductor: Conductor, replica: Replica, journal: Journal
) -> dict[str, str]:
    """Undo each; why that failed, by the fault's id."""
    conductor.beat(LONGEST_UNDO_S + patience(replica))
    for active in ending:
        journal.write(active.armed, "healing", FaultHealing(active.armed.id))
    failed: dict[str, str] = {}
    for active, why in _recorded(ending, conductor.replay) if conductor.replay else _undone(ending, replica):
        if why:
            failed[active.armed.id] = why
            continue
        healed = FaultHealed(active.armed.id, "people" if active.by_people else "harness")
        journal.write(active.armed, "recovered" if active.by_people else "healed", healed)
    return failed


def _recorded(ending: Sequence[Active], replay: Replay) -> Iterator[tuple[Active, str]]:
    """What the record says came of each undo, and who had mended it."""
    for active in ending:
        fault, known = active.armed.id, replay.upcoming()
        if known and isinstance(known.body, FaultHealed) and known.body.fault == fault:
            active.by_people = known.body.by == "people"
            yield active, ""
        else:
            yield active, f"{fault}: its undo failed before the drill was resumed"


def _undone(ending: Sequence[Active], replica: Replica) -> Iterator[tuple[Active, str]]:
    """Undo all; each in this order with why its undo failed, as soon as that is known."""
    of_target: dict[str, list[Active]] = {}
    for active in ending:
        of_target.setdefault(active.armed.target, []).append(active)
    with ThreadPoolExecutor(max(1, len(of_target)), thread_name_prefix="undo") as pool:
        jobs = {target: pool.submit(_undo_each, actives, replica) for target, actives in of_target.items()}
        for active in ending:
            yield active, jobs[active.armed.target].result()[active.armed.id]


def _undo_each(actives: Sequence[Active], replica: Replica) -> dict[str, str]:
    """Undo what is on one target; why it failed, or an empty text, by the fault's id."""
    return {active.armed.id: _tried(active, replica) for active in actives}


def _tried(active: Active, replica: Replica) -> str:
    armed = active.armed
    try:
        active.heal(replica)
    except Exception as error:  # whatever a fault's undo raises, the others must still be healed
        return f"{armed.id}: undoing {armed.type} on {armed.target} failed: {error}"
    return ""


def _mended(active: Active, replaying: bool, replica: Replica) -> bool:
    """Whether people were quicker; in a replay nobody is asked, and the record knows."""
    if active.ending:  # known since then; it may be gone because a watchdog has ended it
        return active.by_people
    return active.effective and not active.off() and (replaying or active.gone(replica))


def _revive(ending: Sequence[Active], conductor: Conductor, replica: Replica) -> None:
    """Start what ended by itself, and undo again what is still there: only a server that runs can prove it."""
    ended = replica.exited()
    for component in ended:
        conductor.beat(LONGEST_UNDO_S + patience(replica))
        with suppress(BlackstartError):  # the proof will say that it is not there
            replica.start(component)
    if ended:
        _undo_again(ending, replica)


def _undo_again(ending: Sequence[Active], replica: Replica) -> None:
    """Undo what is still there."""
    for active in ending:
        if not active.gone(replica):
            with suppress(Exception):  # as before; the proof will say so
                active.heal(replica)


def _prove(
    undone: Sequence[Active], conductor: Conductor, replica: Replica, journal: Journal
) -> dict[str, str]:
    """See every probe turn green; why a fault is not proven, by its id."""
    if not undone:
        return {}
    try:
        watch(undone, conductor, replica)
    except WriteFailed as error:
        return {a.armed.id: f"{a.armed.id}: undone, and not proven: {error.message}" for a in undone}
    failed = {}
    for active in undone:
        if why := _doubt(active, conductor, replica):
            failed[active.armed.id] = why
        else:
            journal.write(active.armed, "proven", FaultProven(active.armed.id, active.armed.probe))
    return failed


def watch(undone: Sequence[Active], conductor: Conductor, replica: Replica) -> None:
    """Wait for every probe to turn green, undoing what shows nothing again and again: what was asked to end when the
    signal came may take its time to end, and is found running until then.
    """
    wanted = {probe for active in undone for probe in active.armed.probes}
    sampler = conductor.probes()

    def all_green() -> bool:
        return all(sampler.state(probe) == "green" for probe in wanted)

    source = conductor.clock.source
    began = source.now()
    while not conductor.watch(all_green, AGAIN_AFTER_S):
        if conductor.replaying() or source.now().seconds_since(began) >= PROVEN_WITHIN_S:
            return
        _undo_again(undone, replica)


def _doubt(active: Active, conductor: Conductor, replica: Replica) -> str:
    """Why one fault is not proven gone; empty when it is."""
    armed = active.armed
    for probe in armed.probes:
        if (seen := conductor.probes().state(probe)) != "green":
            return f"{armed.id}: the probe {probe} is {seen} after the undo"
    if conductor.replay:
        known = conductor.replay.upcoming()
        proven = known and isinstance(known.body, FaultProven) and known.body.fault == armed.id
        return "" if proven else f"{armed.id}: it was not proven before the drill was resumed"
    if not active.gone(replica):
        return (
            f"{armed.id}: the probe {armed.probe} is green, and {armed.type} on {armed.target} is still there"
        )
    return ""
