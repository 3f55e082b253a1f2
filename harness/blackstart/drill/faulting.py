"""Faults in a drill: intent in the ledger, inject, see the effect; and at the end heal, and see the proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from blackstart.clock import iso
from blackstart.drill.pulse import LEASE_S
from blackstart.errors import BlackstartError, HealingUnproven, InvalidDrill
from blackstart.events import (
    Body,
    Event,
    FaultEffective,
    FaultHealed,
    FaultHealing,
    FaultIneffective,
    FaultInjected,
    FaultIntended,
    FaultMoved,
    FaultProven,
    FaultReinjected,
    FaultSkipped,
    FaultUnproven,
    ProbeChanged,
)
from blackstart.faults.ledger import LedgerFailed
from blackstart.record.store import WriteFailed

if TYPE_CHECKING:
    from blackstart.drill.arming import Armed
    from blackstart.drill.conductor import Conductor
    from blackstart.faults.base import Move, Undo
    from blackstart.faults.ledger import Ledger, State
    from blackstart.replica.base import Probe, Replica

__all__ = ["PROVEN_WITHIN_S", "Faults"]

LONGEST_UNDO_S = 120.0
"""Real seconds in which one undo is over, on the slowest machine: it may have to start a server."""

PROVEN_WITHIN_S = 10.0
"""Real seconds for a probe to prove a healing (design, faults: proven by probes within 10 s)."""


@dataclass(slots=True)
class _Active:
    armed: Armed
    undo: Undo
    effective: bool = False
    by_people: bool = False
    over: bool = False
    moved: Move | None = None
    """What it did last by itself."""


class Faults:
    """The faults of one drill; a listener of the conductor. The ledger row is durable before each first side effect."""

    def __init__(
        self,
        conductor: Conductor,
        replica: Replica,
        ledger: Ledger,
    ) -> None:
        self._conductor = conductor
        self._replica = replica
        self._ledger = ledger
        self._active: list[_Active] = []

    # --- before anything is broken --------------------------------------------------------------

    def probes(self, armed: list[Armed]) -> list[Probe]:
        """The probes that faults bring because the replica has none that would show their effect."""
        brought: dict[str, Probe] = {}
        for each in armed:
            if (probe := each.fault.probe(self._replica, each.target)) is not None:
                brought.setdefault(probe.name, probe)
        return list(brought.values())

    def rehearse(self, armed: list[Armed]) -> None:
        """Have every fault look at what it will break, touching nothing: what cannot be is refused here."""
        for each in armed:
            each.fault.prepare(self._replica, each.target)

    def aimed_at(self, component: str) -> bool:
        """Whether a fault that was injected may be what ends this component."""
        held = (each for active in self._active for each in active.armed.fault.resources(active.armed.target))
        return any(resource.partition("/")[0] == component for resource in held)

    # --- breaking -------------------------------------------------------------------------------

    def inject(self, armed: Armed) -> None:
        """Break one thing and wait, in real time, until its probe says so. InvalidDrill when it never does."""
        if armed.skipped:
            self._emit(FaultSkipped(armed.id, armed.skipped))
            return
        self._demand_green(armed)
        active = self._intended(armed)  # at the scripted instant: drill time runs from here on
        self._active.append(active)
        with self._conductor.clock.running():
            if not self._conductor.replaying():
                with _told_as_invalid(armed):
                    armed.fault.inject(self._replica, armed.target, active.undo)
            self._mark(armed, "injected")
            self._emit(FaultInjected(armed.id))
            self._see(active)
        self._plan(active)

    def _intended(self, armed: Armed) -> _Active:
        """In the ledger and on record with its undo; in a replay, with the undo that is on record."""
        replay = self._conductor.replay
        if replay and (known := replay.intent(armed.id)):
            active = _Active(armed, known.undo)
            self._emit(known)
            return active
        active = _Active(armed, armed.fault.prepare(self._replica, armed.target))
        self._intend(active)
        return active

    def _demand_green(self, armed: Armed) -> None:
        """An effect that is there before the fault would prove nothing."""
        seen = self._conductor.probes().state(armed.probe)
        if seen != "green":
            raise InvalidDrill(
                f"the effect of the fault {armed.id} ({armed.type} on {armed.target}) could not be seen: "
                f"the probe {armed.probe} was {seen} before it was injected",
                hint="give it a probe of its own by turns_red, or let it begin after the other faults are over",
            )

    def _intend(self, active: _Active) -> None:
        armed, about = active.armed, active.armed.fault.about()
        params = armed.fault.parameters()
        now = self._conductor.clock.source.now().wall
        self._ledger.intend(
            armed.id,
            type=about.name,
            target=armed.target,
            params=params,
            undo=active.undo,
            probe=armed.probe,
            deadline=iso(now + timedelta(seconds=LEASE_S)),
        )
        body = FaultIntended(
            armed.id, about.name, armed.target, params, dict(active.undo), armed.probe, armed.within_s
        )
        self._emit(body)

    def _see(self, active: _Active) -> None:
        armed, sampler = active.armed, self._conductor.probes()
        if self._conductor.watch(lambda: sampler.state(armed.probe) == "red", armed.within_s):
            active.effective = True
            self._mark(armed, "effective")
            self._emit(FaultEffective(armed.id, armed.probe))
            return
        self._emit(FaultIneffective(armed.id, armed.probe, armed.within_s))
        raise InvalidDrill(
            f"the fault {armed.id} ({armed.type} on {armed.target}) had no effect: "
            f"the probe {armed.probe} was {sampler.state(armed.probe)} after {armed.within_s:g} s, not red",
            hint="nobody is scored; see the component's log in the drill's folder",
        )

    # --- what it goes on to do ------------------------------------------------------------------

    def _plan(self, active: _Active) -> None:
        began_s = self._conductor.now()
        for move in active.armed.fault.moves(self._replica, active.armed.target, active.undo):
            name = f"{active.armed.id}: {move.name}"
            self._conductor.at(began_s + move.after_s, name, self._moved(active, move))

    def _moved(self, active: _Active, move: Move) -> Callable[[], None]:
        def take() -> None:
            if active.over:
                return
            self._emit(FaultMoved(active.armed.id, move.name))
            if not self._conductor.replaying():
                with self._conductor.clock.running(), _told_as_invalid(active.armed):
                    move.do()
                self._conductor.effect_pending()
            active.moved = move
            if move.ends:
                self._end([active])

        return take

    def on_event(self, event: Event) -> None:
        """A probe that turned green may mean that people have mended a fault: the ledger is told at once."""
        if isinstance(event.body, ProbeChanged) and event.body.state == "green":
            for active in self._active:
                if active.armed.probe == event.body.probe and active.effective:
                    self._look(active)

    def _look(self, active: _Active) -> None:
        if self._conductor.replaying() or active.over or active.by_people:
            return
        if self._off(active) or not self._gone(active):
            return
        active.by_people = True
        with suppress(LedgerFailed):
            self._mark(active.armed, "recovered")

    @staticmethod
    def _off(active: _Active) -> bool:
        """Whether it made itself scarce for a while: a flap, a pause between two times."""
        return active.moved is not None and active.moved.off

    def _gone(self, active: _Active) -> bool:
        """Whether the fault itself says that it is over. One that cannot tell is not; in a replay nobody is asked."""
        if self._conductor.replaying():
            return True
        try:
            return active.armed.fault.gone(self._replica, active.armed.target, active.undo)
        except Exception:  # whatever a fault's look raises: not known to be gone
            return False

    def reinject(self) -> None:
        """After a resume: break again what was broken when the harness died, and wait until it shows."""
        for active in self._active:
            active.by_people = "recovered" in self._ledger.states(active.armed.id)
            if not (active.over or active.by_people or self._off(active)):
                self._break_again(active.armed, active)

    def _break_again(self, armed: Armed, active: _Active) -> None:
        armed.fault.inject(self._replica, armed.target, active.undo)
        if active.moved:
            active.moved.do()
        self._mark(armed, "reinjected")
        self._emit(FaultReinjected(armed.id))
        sampler = self._conductor.probes()
        self._conductor.watch(lambda: sampler.state(armed.probe) == "red", armed.within_s)

    # --- healing --------------------------------------------------------------------------------

    def heal_all(self) -> None:
        """Undo everything, newest first, then prove it. HealingUnproven names what may remain."""
        self._end([active for active in reversed(self._active) if not active.over])

    def _end(self, ending: list[_Active]) -> None:
        """Every undo comes before the first proof, so that none waits for another's probe."""
        failed = {active.armed.id: why for active in ending if (why := self._undo(active))}
        self._revive(ending)
        for active in ending:
            if active.armed.id not in failed and (why := self._prove(active)):
                failed[active.armed.id] = why
        for active in ending:
            active.over = True
            if active.armed.id in failed:
                unproven = FaultUnproven(active.armed.id, failed[active.armed.id])
                self._write(active.armed, "unproven", unproven)
        if failed:
            raise HealingUnproven(
                "healing is not proven: " + "; ".join(failed.values()),
                hint="the replica is taken down all the same; blackstart recover checks that nothing is left",
            )

    def _undo(self, active: _Active) -> str:
        """Heal one fault; returns why that failed, or an empty text."""
        armed = active.armed
        self._conductor.beat(LONGEST_UNDO_S)
        by_people = active.effective and not self._off(active) and self._gone(active)
        self._write(armed, "healing", FaultHealing(armed.id))
        try:
            if not self._conductor.replaying():
                armed.fault.heal(self._replica, armed.target, active.undo)
        except Exception as error:  # whatever a fault's undo raises, the others must still be healed
            return f"{armed.id}: undoing {armed.type} on {armed.target} failed: {error}"
        self._write(
            armed,
            "recovered" if by_people else "healed",
            FaultHealed(armed.id, "people" if by_people else "harness"),
        )
        return ""

    def _revive(self, ending: list[_Active]) -> None:
        """Start what ended by itself, and undo again what is still there: only a server that runs can prove it."""
        if self._conductor.replaying() or not (ended := self._replica.exited()):
            return
        for component in ended:
            with suppress(BlackstartError):  # the proof will say that it is not there
                self._replica.start(component)
        for active in ending:
            if not self._gone(active):
                with suppress(Exception):  # as before; the proof will say so
                    active.armed.fault.heal(self._replica, active.armed.target, active.undo)

    def _prove(self, active: _Active) -> str:
        """See the probe turn green; returns why it is not proven, or an empty text."""
        armed, sampler = active.armed, self._conductor.probes()
        try:
            green = self._conductor.watch(lambda: sampler.state(armed.probe) == "green", PROVEN_WITHIN_S)
        except WriteFailed as error:
            return f"{armed.id}: undone, and not proven: {error.message}"
        if not green:
            return f"{armed.id}: the probe {armed.probe} is {sampler.state(armed.probe)} after the undo"
        if not self._gone(active):
            return f"{armed.id}: the probe {armed.probe} is green, and {armed.type} on {armed.target} is still there"
        self._write(armed, "proven", FaultProven(armed.id, armed.probe))
        return ""

    # --- ledger and record ----------------------------------------------------------------------

    def _mark(self, armed: Armed, state: State) -> None:
        """The next state, unless it is from a replay: then it stands there already."""
        if not self._conductor.replaying():
            self._ledger.mark(armed.id, state)

    def _write(self, armed: Armed, state: State, body: Body) -> None:
        """Into ledger and record while healing. A full disk must not keep the next fault from being healed."""
        with suppress(LedgerFailed):
            self._mark(armed, state)
        with suppress(WriteFailed):
            self._emit(body)

    def _emit(self, body: Body) -> None:
        self._conductor.emit(body, actor="harness", source="harness")


@contextmanager
def _told_as_invalid(armed: Armed) -> Iterator[None]:
    """A fault that cannot be injected makes the drill invalid, whatever it raises: what it did is healed all the same."""
    try:
        yield
    except Exception as error:
        raise InvalidDrill(
            f"the fault {armed.id} ({armed.type} on {armed.target}) could not be injected: {str(error) or type(error).__name__}",
            hint="nobody is scored; what it did is undone",
        ) from error
