"""Ending faults: every undo first, then what ended by itself is started, then a probe and the fault itself prove it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from blackstart.errors import BlackstartError, HealingUnproven
from blackstart.events import FaultHealed, FaultHealing, FaultProven, FaultUnproven
from blackstart.faults.healer import PROVEN_WITHIN_S
from blackstart.record.store import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blackstart.drill.active import Active, Journal
    from blackstart.drill.conductor import Conductor
    from blackstart.replica.base import Replica

__all__ = ["heal"]

AGAIN_AFTER_S = 1.0
"""Real seconds after which an undo that shows nothing is done again: it may have met what was still about to break,
such as a server that was asked to end when the signal came, and ended after it was found running.
"""

LONGEST_UNDO_S = 120.0
"""Real seconds in which one undo is over, on the slowest machine: it may have to start a server."""


def heal(ending: Sequence[Active], conductor: Conductor, replica: Replica, journal: Journal) -> None:
    """Undo them in this order, then prove them together. HealingUnproven names what may remain.

    Every undo comes before the first proof, so that none waits for another's probe.
    """
    for active in ending:  # before the first undo, which may mend more than its own fault
        active.by_people = _mended(active, conductor.replaying(), replica)
    failed = {a.armed.id: why for a in ending if (why := _undo(a, conductor, replica, journal))}
    if not conductor.replaying():
        _revive(ending, replica)
    undone = [active for active in ending if active.armed.id not in failed]
    failed |= _prove(undone, conductor, replica, journal)
    for active in ending:
        active.over = True
        if active.armed.id in failed:
            unproven = FaultUnproven(active.armed.id, failed[active.armed.id])
            journal.write(active.armed, "unproven", unproven)
    if failed:
        raise HealingUnproven(
            "healing is not proven: " + "; ".join(failed.values()),
            hint="the replica is taken down all the same; blackstart recover checks that nothing is left",
        )


def _undo(active: Active, conductor: Conductor, replica: Replica, journal: Journal) -> str:
    """Heal one fault; returns why that failed, or an empty text."""
    armed = active.armed
    conductor.beat(LONGEST_UNDO_S)
    journal.write(armed, "healing", FaultHealing(armed.id))
    try:
        if not conductor.replaying():
            active.heal(replica)
    except Exception as error:  # whatever a fault's undo raises, the others must still be healed
        return f"{armed.id}: undoing {armed.type} on {armed.target} failed: {error}"
    healed = FaultHealed(armed.id, "people" if active.by_people else "harness")
    journal.write(armed, "recovered" if active.by_people else "healed", healed)
    return ""


def _mended(active: Active, replaying: bool, replica: Replica) -> bool:
    """Whether people were quicker; in a replay nobody is asked, and the record knows."""
    return active.effective and not active.off() and (replaying or active.gone(replica))


def _revive(ending: Sequence[Active], replica: Replica) -> None:
    """Start what ended by itself, and undo again what is still there: only a server that runs can prove it."""
    ended = replica.exited()
    for component in ended:
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
    wanted = {active.armed.probe for active in undone}
    sampler = conductor.probes()

    def all_green() -> bool:
        return all(sampler.state(probe) == "green" for probe in wanted)

    try:
        if not conductor.watch(all_green, AGAIN_AFTER_S):
            if not conductor.replaying():
                _undo_again(undone, replica)
            conductor.watch(all_green, PROVEN_WITHIN_S - AGAIN_AFTER_S)
    except WriteFailed as error:
        return {a.armed.id: f"{a.armed.id}: undone, and not proven: {error.message}" for a in undone}
    failed = {}
    for active in undone:
        if why := _doubt(active, sampler.state(active.armed.probe), conductor.replaying(), replica):
            failed[active.armed.id] = why
        else:
            journal.write(active.armed, "proven", FaultProven(active.armed.id, active.armed.probe))
    return failed


def _doubt(active: Active, seen: str, replaying: bool, replica: Replica) -> str:
    """Why one fault is not proven gone; empty when it is."""
    armed = active.armed
    if seen != "green":
        return f"{armed.id}: the probe {armed.probe} is {seen} after the undo"
    if not replaying and not active.gone(replica):
        return (
            f"{armed.id}: the probe {armed.probe} is green, and {armed.type} on {armed.target} is still there"
        )
    return ""
