"""Faults in a drill: intent in the ledger, inject, see the effect; and at the end heal, and see the proof."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.errors import HealingUnproven, InvalidDrill
from blackstart.events import (
    Body,
    FaultEffective,
    FaultHealed,
    FaultHealing,
    FaultIneffective,
    FaultInjected,
    FaultIntended,
    FaultProven,
    FaultUnproven,
)
from blackstart.faults.ledger import LedgerFailed
from blackstart.record.store import WriteFailed

if TYPE_CHECKING:
    from blackstart.drill.conductor import Conductor
    from blackstart.faults.base import Fault, Undo
    from blackstart.faults.ledger import Ledger, State
    from blackstart.replica.base import Replica
    from blackstart.scenario import FaultSpec

__all__ = ["Faults"]

PROVEN_WITHIN_S = 10.0
"""Real seconds for a probe to prove a healing (design, faults: proven by probes within 10 s)."""


@dataclass(frozen=True, slots=True)
class _Active:
    spec: FaultSpec
    fault: Fault
    undo: Undo


class Faults:
    """The faults of one drill. The ledger row is durable before the first side effect of each."""

    def __init__(self, conductor: Conductor, replica: Replica, ledger: Ledger) -> None:
        self._conductor = conductor
        self._replica = replica
        self._ledger = ledger
        self._active: list[_Active] = []

    def inject(self, spec: FaultSpec, fault: Fault) -> None:
        """Break one thing and wait, in real time, until its probe says so. InvalidDrill when it never does."""
        within_s = spec.within if spec.within is not None else fault.within_s
        undo = fault.prepare(self._replica, spec.target)
        self._intend(spec, undo, within_s)  # at the scripted instant: drill time runs from here on
        self._active.append(_Active(spec, fault, undo))
        with self._conductor.clock.running():
            fault.inject(self._replica, spec.target, undo)
            self._ledger.mark(spec.id, "injected")
            self._emit(FaultInjected(spec.id))
            self._see(spec, within_s)

    def _intend(self, spec: FaultSpec, undo: Undo, within_s: float) -> None:
        self._ledger.intend(spec.id, type=spec.fault, target=spec.target, params=spec.params, undo=undo)
        self._emit(
            FaultIntended(
                spec.id, spec.fault, spec.target, dict(spec.params), dict(undo), spec.turns_red, within_s
            )
        )

    def _see(self, spec: FaultSpec, within_s: float) -> None:
        sampler = self._conductor.probes()
        if self._conductor.watch(lambda: sampler.state(spec.turns_red) == "red", within_s):
            self._ledger.mark(spec.id, "effective")
            self._emit(FaultEffective(spec.id, spec.turns_red))
            return
        self._emit(FaultIneffective(spec.id, spec.turns_red, within_s))
        raise InvalidDrill(
            f"the fault {spec.id} ({spec.fault} on {spec.target}) had no effect: "
            f"the probe {spec.turns_red} was {sampler.state(spec.turns_red)} after {within_s:g} s, not red",
            hint="nobody is scored; see the component's log in the drill's folder",
        )

    def heal_all(self) -> None:
        """Undo everything, newest first, and prove it. HealingUnproven names what may remain."""
        failed = [reason for active in reversed(self._active) if (reason := self._heal(active))]
        self._active.clear()
        if failed:
            raise HealingUnproven(
                "healing is not proven: " + "; ".join(failed),
                hint="the replica is taken down all the same; blackstart recover checks that nothing is left",
            )

    def _heal(self, active: _Active) -> str:
        """Heal one fault; returns why it is not proven, or an empty text."""
        spec = active.spec
        by_people = self._conductor.probes().state(spec.turns_red) == "green"
        self._write(spec, "healing", FaultHealing(spec.id))
        try:
            active.fault.heal(self._replica, spec.target, active.undo)
        except Exception as error:  # whatever a fault's undo raises, the others must still be healed
            return self._unproven(spec, f"{spec.id}: undoing {spec.fault} on {spec.target} failed: {error}")
        self._write(spec, "healed", FaultHealed(spec.id, "people" if by_people else "harness"))
        return self._prove(spec)

    def _write(self, spec: FaultSpec, state: State, body: Body) -> None:
        """Into ledger and record while healing. A full disk must not keep the next fault from being healed."""
        with suppress(LedgerFailed):
            self._ledger.mark(spec.id, state)
        with suppress(WriteFailed):
            self._emit(body)

    def _prove(self, spec: FaultSpec) -> str:
        sampler = self._conductor.probes()
        try:
            green = self._conductor.watch(lambda: sampler.state(spec.turns_red) == "green", PROVEN_WITHIN_S)
        except WriteFailed as error:
            return self._unproven(spec, f"{spec.id}: undone, and not proven: {error.message}")
        if not green:
            seen = sampler.state(spec.turns_red)
            return self._unproven(spec, f"{spec.id}: the probe {spec.turns_red} is {seen} after the undo")
        self._write(spec, "proven", FaultProven(spec.id, spec.turns_red))
        return ""

    def _unproven(self, spec: FaultSpec, why: str) -> str:
        self._write(spec, "unproven", FaultUnproven(spec.id, why))
        return why

    def _emit(self, body: Body) -> None:
        self._conductor.emit(body, actor="harness", source="harness")
