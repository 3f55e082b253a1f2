"""Faults in a drill: the ledger first, the effect seen, the healing proven; and each way in which that fails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from blackstart.drill.faulting import Faults
from blackstart.errors import HealingUnproven, InvalidDrill
from blackstart.events import FaultHealed
from blackstart.faults.base import Params
from blackstart.faults.ledger import Ledger
from blackstart.scenario import FaultSpec
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from tests.drill.conftest import Stand

    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

SPEC = FaultSpec(id="down", fault="test.break", target="vault", turns_red="vault", within=None)


class Break:
    """Turns the vault probe red, and green again; each of it can be made to fail."""

    name: ClassVar[str] = "test.break"
    summary: ClassVar[str] = "for tests"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    replicas: ClassVar[tuple[str, ...]] = ("fake",)
    params: ClassVar[type[Params]] = Params
    within_s: ClassVar[float] = 2.0

    def __init__(self, stand: Stand, ledger: Ledger) -> None:
        self.stand = stand
        self.ledger = ledger
        self.works = True
        self.heals = True
        self.raises: Exception | None = None
        self.known: list[str] = []

    def prepare(self, replica: Replica, target: str, params: Params) -> Undo:
        return {"was": "up"}

    def inject(self, replica: Replica, target: str, params: Params, undo: Undo) -> None:
        self.known = [row.state for row in self.ledger.open_rows()]
        if self.works:
            self.stand.probes[target].turn("red", "broken")

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        assert undo == {"was": "up"}
        if self.raises:
            raise self.raises
        if self.heals:
            self.stand.probes[target].turn("green")


class Bench:
    def __init__(self, stand: Stand, folder: Path) -> None:
        self.ledger = Ledger(folder, "INC-2026-04-26-001")
        self.fault = Break(stand, self.ledger)
        self.faults = Faults(stand.conductor, FakeReplica(["vault"], folder), self.ledger)

    def inject(self) -> None:
        self.faults.inject(SPEC, self.fault)

    def state(self) -> str:
        return self.ledger.latest()["down"].state


@pytest.fixture
def bench(stand: Stand, tmp_path: Path) -> Bench:
    return Bench(stand, tmp_path)


def faults_of(stand: Stand) -> list[str]:
    return [kind for kind in stand.kinds() if kind.startswith("fault.")]


def test_the_intent_is_in_the_ledger_before_the_first_side_effect(stand: Stand, bench: Bench) -> None:
    bench.inject()
    assert bench.fault.known == ["intended"]
    assert bench.state() == "effective"
    assert faults_of(stand) == ["fault.intended", "fault.injected", "fault.effective"]


def test_a_fault_without_effect_makes_the_drill_invalid(stand: Stand, bench: Bench) -> None:
    bench.fault.works = False
    with pytest.raises(InvalidDrill, match="had no effect: the probe vault was green after 2 s, not red"):
        bench.inject()
    assert faults_of(stand)[-1] == "fault.ineffective"
    bench.faults.heal_all()
    assert bench.state() == "proven"


def test_healing_is_proven_by_the_probe(stand: Stand, bench: Bench) -> None:
    bench.inject()
    bench.faults.heal_all()
    assert faults_of(stand)[-3:] == ["fault.healing", "fault.healed", "fault.proven"]
    assert healed_by(stand) == ["harness"]
    assert bench.ledger.open_rows() == []


def healed_by(stand: Stand) -> list[str]:
    bodies: list[Any] = [event.body for event in stand.of("fault.healed")]
    return [body.by for body in bodies if isinstance(body, FaultHealed)]


def test_what_people_fixed_is_theirs(stand: Stand, bench: Bench) -> None:
    bench.inject()
    stand.probes["vault"].turn("green")
    stand.conductor.probes().round()
    bench.faults.heal_all()
    assert healed_by(stand) == ["people"]


def test_an_undo_that_raises_is_unproven_and_named(stand: Stand, bench: Bench) -> None:
    bench.inject()
    bench.fault.raises = OSError("no such server")
    with pytest.raises(HealingUnproven, match=r"down: undoing test\.break on vault failed: no such server"):
        bench.faults.heal_all()
    assert bench.state() == "unproven"
    assert faults_of(stand)[-1] == "fault.unproven"


def test_a_probe_that_stays_red_is_unproven(stand: Stand, bench: Bench) -> None:
    bench.inject()
    bench.fault.heals = False
    with pytest.raises(HealingUnproven, match="the probe vault is red after the undo"):
        bench.faults.heal_all()
    assert [row.fault for row in bench.ledger.open_rows()] == ["down"]


def test_healing_twice_heals_once(stand: Stand, bench: Bench) -> None:
    bench.inject()
    bench.faults.heal_all()
    before = len(stand.record.events)
    bench.faults.heal_all()
    assert len(stand.record.events) == before
