"""Faults in a drill: intent in the ledger, inject, see the effect; and at the end heal, and see the proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from blackstart.drill.active import SERVERS_GONE, Active, Journal
from blackstart.drill.healing import LONGEST_UNDO_S, ServersLost, heal, watch
from blackstart.errors import HealingUnproven, InvalidDrill
from blackstart.events import (
    Event,
    FaultEffective,
    FaultHealed,
    FaultIneffective,
    FaultInjected,
    FaultIntended,
    FaultMoved,
    FaultProven,
    FaultReinjected,
    FaultSkipped,
    ProbeChanged,
)
from blackstart.faults.healer import heal as heal_rows
from blackstart.faults.ledger import LedgerFailed
from blackstart.replica.patience import patience

if TYPE_CHECKING:
    from blackstart.drill.arming import Armed
    from blackstart.drill.conductor import Conductor
    from blackstart.faults.base import Move
    from blackstart.faults.ledger import Ledger
    from blackstart.replica.base import Probe, Replica

__all__ = ["Faults"]


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
        self._journal = Journal(conductor, ledger)
        self._active: list[Active] = []
        self.lost = False
        """Whether faults are still to be proven gone, by their servers' being gone (`servers_gone`)."""

    # --- before anything is broken --------------------------------------------------------------

    def probes(self, armed: list[Armed]) -> list[Probe]:
        """The probes that faults bring because the replica has none that would show their effect."""
        brought: dict[str, Probe] = {}
        parts = (part for each in armed for part in each.fault.members(each.target))
        for fault, target in parts:
            if (probe := fault.probe(self._replica, target)) is not None:
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

    def inject(self, armed: Armed, at_s: float, shown: Callable[[], None]) -> None:
        """Break one thing and wait, in real time, until its probe says so; then call `shown`, also for each later turn.

        `at_s` is the scripted instant, from which what it goes on to do is counted. InvalidDrill when it never shows.
        """
        if armed.skipped:
            self._journal.emit(FaultSkipped(armed.id, armed.skipped))
            shown()
            return
        self._demand_green(armed)
        active = self._intended(armed)  # at the scripted instant: drill time runs from here on
        self._active.append(active)
        with self._conductor.clock.running():
            if not self._conductor.replaying():
                with self._breaking(armed):
                    active.inject(self._replica)
            self._journal.mark(armed, "injected")
            self._journal.emit(FaultInjected(armed.id))
            self._see(active)
        shown()
        self._plan(active, at_s, shown)

    def _intended(self, armed: Armed) -> Active:
        """In the ledger and on record with its undo; in a replay, with the undo that is on record."""
        replay = self._conductor.replay
        if replay and (known := replay.intent(armed.id)):
            active = Active(armed, known.undo)
            self._journal.emit(known)
            return active
        with self._breaking(armed):
            undo = armed.fault.prepare(self._replica, armed.target)
        active = Active(armed, undo)
        self._intend(active)
        return active

    @contextmanager
    def _breaking(self, armed: Armed) -> Iterator[None]:
        """Real work on the replica. It takes as long as undoing it, so the watchdog is told beforehand."""
        self._conductor.beat(LONGEST_UNDO_S + patience(self._replica))
        with _told_as_invalid(armed):
            yield

    def _demand_green(self, armed: Armed) -> None:
        """An effect that is there before the fault would prove nothing."""
        for probe in armed.probes:
            if (seen := self._conductor.probes().state(probe)) != "green":
                raise InvalidDrill(
                    f"the effect of the fault {armed.id} ({armed.type} on {armed.target}) could not be seen: "
                    f"the probe {probe} was {seen} before it was injected",
                    hint="give it a probe of its own by turns_red, or let it begin after the other faults are over",
                )

    def _intend(self, active: Active) -> None:
        armed, about = active.armed, active.armed.fault.about()
        params = armed.fault.parameters()
        self._journal.ledger.intend(
            armed.id,
            type=about.name,
            target=armed.target,
            params=params,
            undo=active.undo,
            probe=armed.probe,
        )
        body = FaultIntended(
            armed.id, about.name, armed.target, params, dict(active.undo), armed.probe, armed.within_s
        )
        self._journal.emit(body)

    def _see(self, active: Active) -> None:
        self._demand_red(active)
        active.effective = True
        self._journal.mark(active.armed, "effective")
        self._journal.emit(FaultEffective(active.armed.id, active.armed.probe))

    def _demand_red(self, active: Active) -> None:
        """Wait for every probe of the fault; InvalidDrill when one does not turn red in time."""
        armed, state = active.armed, self._conductor.probes().state
        if self._conductor.watch(
            lambda: all(state(probe) == "red" for probe in armed.probes), armed.within_s
        ):
            return
        probe = next(probe for probe in armed.probes if state(probe) != "red")
        self._journal.emit(FaultIneffective(armed.id, probe, armed.within_s))
        raise InvalidDrill(
            f"the fault {armed.id} ({armed.type} on {armed.target}) had no effect: "
            f"the probe {probe} was {state(probe)} after {armed.within_s:g} s, not red",
            hint="nobody is scored; see the component's log in the drill's folder",
        )

    # --- what it goes on to do ------------------------------------------------------------------

    def _plan(self, active: Active, began_s: float, shown: Callable[[], None]) -> None:
        """What it does later. An end comes before what begins at the same instant, which may need the same probe."""
        for move in active.armed.fault.moves(self._replica, active.armed.target, active.undo):
            name = f"{active.armed.id}: {move.name}"
            self._conductor.at(
                began_s + move.after_s, name, self._moved(active, move, shown), first=move.ends or move.off
            )

    def _moved(self, active: Active, move: Move, shown: Callable[[], None]) -> Callable[[], None]:
        def take() -> None:
            if active.over or self._spared(active, move):
                return
            if move.seen and not move.off:
                self._demand_green(active.armed)
            self._journal.emit(FaultMoved(active.armed.id, move.name))
            with self._conductor.clock.running():
                self._do(active, move)
                if move.seen and move.off:  # what is not seen here is missed before the next turn
                    watch([active], self._conductor, self._replica)
                elif move.seen:
                    self._demand_red(active)
                    shown()
            if move.ends:
                self._end([active], last=False)

        return take

    def _spared(self, active: Active, move: Move) -> bool:
        """Whether people have mended it, so that it goes no further; only another turn breaks it anew."""
        if move.seen or move.off or move.ends:
            return False
        if self._conductor.replay and (known := self._conductor.replay.upcoming()):
            return not (isinstance(known.body, FaultMoved) and known.body.fault == active.armed.id)
        self._look(active)
        return active.by_people or self._journal.ledger.by_people(active.armed.id)

    def _do(self, active: Active, move: Move) -> None:
        if move.seen and not move.off:  # whoever mended an earlier turn: this one is another
            active.by_people = False
            self._journal.mark(active.armed, "injected")
        if move.off:  # from here on it is the harness that ends it
            active.moved = move
        if not self._conductor.replaying():
            with self._breaking(active.armed):
                move.do()
            self._conductor.effect_pending()
        active.moved = move

    def on_event(self, event: Event) -> None:
        """A probe that turned green may mean that people have mended a fault: the ledger is told at once."""
        if isinstance(event.body, ProbeChanged) and event.body.state == "green":
            for active in self._active:
                if event.body.probe in active.armed.probes and active.effective:
                    self._look(active)

    def _look(self, active: Active) -> None:
        if self._conductor.replaying() or active.ending or active.over or active.by_people:
            return
        if active.off() or not active.gone(self._replica):
            return
        active.by_people = True
        with suppress(LedgerFailed):
            self._journal.mark(active.armed, "recovered")

    def reinject(self) -> None:
        """After a resume: break again what was broken when the harness died, and wait until it shows."""
        for active in self._active:
            active.by_people = self._journal.ledger.by_people(active.armed.id)
            if not (active.ending or active.over or active.by_people or active.off()):
                self._break_again(active.armed, active)

    def only_heal(self, armed: list[Armed], events: Sequence[Event]) -> None:
        """Take what to heal from the record of a drill that goes on only to be ended; nothing is broken again."""
        intents = {event.body.fault: event.body for event in events if isinstance(event.body, FaultIntended)}
        proven = {event.body.fault for event in events if isinstance(event.body, FaultProven)}
        self._active = [
            Active(
                each, intents[each.id].undo, by_people=self._journal.ledger.by_people(each.id), ending=True
            )
            for each in armed
            if each.id in intents and each.id not in proven
        ]

    def _break_again(self, armed: Armed, active: Active) -> None:
        self._journal.mark(
            armed, "reinjected"
        )  # before it is: the ledger may say that it was healed meanwhile
        with self._breaking(armed):
            active.inject(self._replica)
            if active.moved:
                active.moved.do()
        self._journal.emit(FaultReinjected(armed.id))
        self._demand_red(active)

    # --- healing --------------------------------------------------------------------------------

    def heal_all(self, *, scored: bool = True) -> None:
        """Undo everything, newest first, then prove it. HealingUnproven names what may remain.

        Where nobody is `scored`, ServersLost when a server cannot be brought back: then `servers_gone` proves the rest.
        """
        ending = [active for active in reversed(self._active) if not active.over]
        try:
            self._end(ending, last=True, scored=scored)
        except ServersLost:
            self.lost = True
            raise
        finally:
            self._heal_forgotten()

    def servers_gone(self) -> None:
        """The replica was taken down: what could not be proven in it is proven by that, where its servers were lost."""
        if not self.lost:
            return
        with suppress(LedgerFailed):  # what stays open is for `recover`
            rows = {row.fault: row for row in self._journal.ledger.open_rows()}
            for armed in (active.armed for active in self._active if active.armed.id in rows):
                if rows[armed.id].state not in ("healed", "recovered"):
                    self._journal.write(armed, "healed", FaultHealed(armed.id, "harness"))
                self._journal.write(armed, "proven", FaultProven(armed.id, SERVERS_GONE))
            self.lost = bool(self._journal.ledger.open_rows())

    def _heal_forgotten(self) -> None:
        """What stands in the ledger alone: a signal came, or the harness died, just when it had been written there."""
        if self._conductor.replaying():
            return
        known = {active.armed.id for active in self._active}
        healed = heal_rows(self._journal.ledger, self._replica, spare=known)
        if left := [str(each) for each in healed if each.why]:
            raise HealingUnproven("; ".join(left), hint="run: blackstart recover")

    def _end(self, ending: list[Active], *, last: bool, scored: bool = True) -> None:
        heal(ending, self._conductor, self._replica, self._journal, last=last, scored=scored)


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
