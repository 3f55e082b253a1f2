"""Faults in a drill: the ledger first, the effect seen, the healing proven; and each way in which that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from pydantic import PrivateAttr

from blackstart.drill.active import SERVERS_GONE
from blackstart.drill.arming import Armed
from blackstart.drill.faulting import Faults
from blackstart.drill.healing import LONGEST_UNDO_S, ServersLost
from blackstart.errors import HealingUnproven, InvalidDrill
from blackstart.events import FaultHealed, FaultProven
from blackstart.faults import wrappers
from blackstart.faults.base import Fault, Move
from blackstart.faults.ledger import Ledger
from blackstart.scenario import FaultSpec
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from tests.drill.conftest import Stand

    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

SPEC = FaultSpec(id="down", fault="test.break", target="vault")


class Break(Fault):
    """Turns the vault probe red, and green again; each of it can be made to fail."""

    name: ClassVar[str] = "test.break"
    summary: ClassVar[str] = "for tests"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    replicas: ClassVar[tuple[str, ...]] = ("fake",)
    within_s: ClassVar[float] = 2.0
    seen: ClassVar[str] = "nothing"
    fix: ClassVar[str] = "nothing"

    _world: World = PrivateAttr()

    def in_world(self, world: World) -> Break:
        self._world = world
        return self

    def prepare(self, replica: Replica, target: str) -> Undo:
        self._world.acted()
        return {"was": "up"}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        world = self._world
        world.acted()
        world.known = [row.state for row in world.ledger.open_rows()]
        if world.works:
            world.stand.probes[target].turn("red", "broken")

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        self._world.acted()
        assert undo == {"was": "up"}
        if once := self._world.fails_once:
            self._world.fails_once = None
            raise once
        if self._world.raises:
            raise self._world.raises
        if self._world.late:
            self._world.late -= 1
        elif self._world.heals:
            self._world.stand.probes[target].turn("green")

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return self._world.stand.probes[target].answer.state == "green" and not self._world.lingers


@dataclass
class World:
    """What the fault acts on, and how it behaves."""

    stand: Stand
    ledger: Ledger
    works: bool = True
    heals: bool = True
    lingers: bool = False
    late: int = 0
    """How many undos come too early."""
    raises: Exception | None = None
    fails_once: BaseException | None = None
    known: list[str] = field(default_factory=list)
    acted: Callable[[], None] = lambda: None
    """Called whenever the replica is acted on."""


class Bench:
    def __init__(self, stand: Stand, folder: Path) -> None:
        self.stand = stand
        self.shown: list[str] = []
        self.ledger = Ledger(folder, "INC-2026-04-26-001")
        self.fault = World(stand, self.ledger)
        self.replica = FakeReplica(["vault"], folder)
        self.faults = Faults(stand.conductor, self.replica, self.ledger)
        stand.conductor.listeners.append(self.faults.on_event)

    def inject(self, wrap: Callable[[Fault], Fault] = lambda fault: fault, skipped: str = "") -> None:
        fault = wrap(Break().in_world(self.fault))
        self.begin(Armed(SPEC, fault, ("vault",), 2.0, skipped))

    def begin(self, armed: Armed) -> None:
        self.faults.inject(armed, self.stand.conductor.now(), lambda: self.shown.append(armed.id))

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


def test_the_watchdog_gives_whatever_is_done_to_the_replica_its_time(stand: Stand, bench: Bench) -> None:
    """An answer of docker alone may take longer than a lease."""
    beats: list[float] = []
    stand.conductor.beat = beats.append
    leases: list[float] = []
    bench.fault.acted = lambda: leases.append(beats[-1])
    bench.inject()
    bench.faults.reinject()
    bench.faults.heal_all()
    assert leases == [LONGEST_UNDO_S] * 4


def test_a_platform_that_comes_back_slowly_has_all_its_time(
    stand: Stand, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An undo may have to start it."""
    monkeypatch.setattr(FakeReplica, "up_within_s", 600.0, raising=False)
    beats: list[float] = []
    stand.conductor.beat = beats.append
    bench.inject()
    bench.faults.heal_all()
    assert LONGEST_UNDO_S not in beats
    assert beats.count(LONGEST_UNDO_S + 600.0) == 3


def test_a_fault_that_the_watchdog_healed_is_open_again_before_it_is_injected_again(
    stand: Stand, bench: Bench
) -> None:
    bench.inject()
    bench.ledger.mark("down", "proven")
    bench.faults.reinject()
    assert bench.fault.known == ["reinjected"]
    assert faults_of(stand)[-1] == "fault.reinjected"


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


def lose(bench: Bench, replica: str = "local") -> None:
    """A server that nobody can start has ended."""
    bench.replica.name = replica
    bench.replica.codes["proxy"] = -9


@pytest.mark.parametrize("undone", [True, False])
def test_where_a_server_was_lost_the_proof_is_that_all_of_them_are_gone(
    stand: Stand, bench: Bench, undone: bool
) -> None:
    bench.inject()
    bench.fault.heals, bench.fault.raises = False, None if undone else OSError("no such server")
    lose(bench)
    with pytest.raises(ServersLost, match="vault"):
        bench.faults.heal_all(scored=False)
    assert (bench.faults.lost, len(bench.ledger.open_rows())) == (True, 1)
    bench.faults.servers_gone()
    assert (bench.faults.lost, bench.ledger.open_rows()) == (False, [])
    assert faults_of(stand)[-3:] == ["fault.healing", "fault.healed", "fault.proven"]
    assert stand.of("fault.proven")[0].body == FaultProven("down", SERVERS_GONE)


@pytest.mark.parametrize(("replica", "scored"), [("local", True), ("fake", False)])
def test_an_undo_that_fails_is_no_less_told_because_a_server_was_lost(
    stand: Stand, bench: Bench, replica: str, scored: bool
) -> None:
    """People who are scored, and a replica whose faults may outlive its servers."""
    bench.inject()
    bench.fault.raises = OSError("no such server")
    lose(bench, replica)
    with pytest.raises(HealingUnproven, match="no such server"):
        bench.faults.heal_all(scored=scored)
    bench.faults.servers_gone()
    assert bench.state() == "unproven"
    assert faults_of(stand)[-1] == "fault.unproven"


@pytest.mark.parametrize("late", [1, 2, 5])
def test_what_breaks_after_its_undo_is_undone_again(stand: Stand, bench: Bench, late: int) -> None:
    bench.inject()
    bench.fault.late = late
    bench.faults.heal_all()
    assert faults_of(stand)[-3:] == ["fault.healing", "fault.healed", "fault.proven"]


def test_what_only_the_ledger_knows_is_healed_too(
    stand: Stand, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal may come when the intent was just written, and nothing else done."""
    monkeypatch.setattr("blackstart.faults.healer.of_row", lambda row: Break().in_world(bench.fault))
    bench.inject()
    undo = {"was": "up"}
    bench.ledger.intend("late", type="test.break", target="vault", params={}, undo=undo, probe="vault")
    bench.faults.heal_all()
    assert bench.ledger.open_rows() == []
    bench.ledger.mark("late", "intended")
    bench.fault.raises = OSError("no such server")
    monkeypatch.setattr("blackstart.faults.healer.PROVEN_WITHIN_S", 0.0)
    with pytest.raises(HealingUnproven, match="did not heal the fault late"):
        bench.faults.heal_all()


def test_healing_twice_heals_once(stand: Stand, bench: Bench) -> None:
    bench.inject()
    bench.faults.heal_all()
    before = len(stand.record.events)
    bench.faults.heal_all()
    assert len(stand.record.events) == before


def test_a_fault_whose_probe_is_red_already_cannot_be_seen(stand: Stand, bench: Bench) -> None:
    stand.probes["vault"].turn("red", "broken by something else")
    stand.conductor.probes().round()
    with pytest.raises(
        InvalidDrill, match="could not be seen: the probe vault was red before it was injected"
    ):
        bench.inject()
    assert bench.ledger.open_rows() == []


def test_one_that_the_seed_spares_is_never_intended(stand: Stand, bench: Bench) -> None:
    bench.inject(skipped="the seed 1 spares it (chance 0.5)")
    assert faults_of(stand) == ["fault.skipped"]
    assert bench.ledger.latest() == {}


def test_a_green_probe_is_no_proof_while_the_fault_itself_says_that_it_is_there(bench: Bench) -> None:
    bench.inject()
    bench.fault.lingers = True
    with pytest.raises(
        HealingUnproven, match=r"the probe vault is green, and test\.break on vault is still there"
    ):
        bench.faults.heal_all()
    assert bench.state() == "unproven"


def test_the_ledger_says_at_once_that_people_recovered_it(stand: Stand, bench: Bench) -> None:
    bench.inject()
    stand.probes["vault"].turn("green")
    stand.conductor.probes().round()
    stand.conductor.dispatch()
    assert bench.state() == "recovered"
    assert len(bench.ledger.open_rows()) == 1, "a probe is to prove it at the end all the same"


def test_a_limited_fault_is_healed_and_proven_when_its_time_is_over(stand: Stand, bench: Bench) -> None:
    bench.inject(lambda fault: wrappers.limited(fault, 600.0))
    began_s = stand.conductor.now()
    stand.conductor.run_until(lambda: bench.state() == "proven", began_s + 900)
    assert stand.conductor.now() == began_s + 600
    assert healed_by(stand) == ["harness"]
    assert bench.ledger.open_rows() == []


def test_a_repeated_fault_comes_again_and_is_over_after_the_last_time(stand: Stand, bench: Bench) -> None:
    bench.inject(lambda fault: wrappers.repeated(fault, 2, 300.0, 60.0))
    began_s = stand.conductor.now()
    stand.conductor.run_until(lambda: bench.state() == "proven", began_s + 900)
    assert stand.conductor.now() == began_s + 360
    bodies: list[Any] = [event.body for event in stand.of("probe.changed")]
    edges = [body.state for body in bodies if body.probe == "vault"]
    assert edges == ["green", "red", "green", "red", "green"]


TWICE = (2, 300.0, 60.0)


def test_every_turn_is_told(stand: Stand, bench: Bench) -> None:
    bench.inject(lambda fault: wrappers.repeated(fault, *TWICE))
    assert bench.shown == ["down"]
    stand.conductor.run_until(lambda: bench.state() == "proven", stand.conductor.now() + 900)
    assert bench.shown == ["down", "down"]


def test_a_later_turn_that_shows_nothing_makes_the_drill_invalid(stand: Stand, bench: Bench) -> None:
    bench.inject(lambda fault: wrappers.repeated(fault, *TWICE))
    bench.fault.works = False
    with pytest.raises(InvalidDrill, match="had no effect: the probe vault was green"):
        stand.conductor.run_until(lambda: False, stand.conductor.now() + 900)
    assert faults_of(stand)[-2:] == ["fault.moved", "fault.ineffective"]


def test_a_turn_that_is_not_over_is_not_passed_over(stand: Stand, bench: Bench) -> None:
    bench.inject(lambda fault: wrappers.repeated(fault, *TWICE))
    bench.fault.heals = False
    with pytest.raises(InvalidDrill, match="the probe vault was red before it was injected"):
        stand.conductor.run_until(lambda: False, stand.conductor.now() + 900)


def test_what_another_fault_keeps_red_is_proven_at_the_end(stand: Stand, bench: Bench) -> None:
    bench.inject(lambda fault: wrappers.limited(fault, 600.0))
    bench.fault.heals = False
    stand.conductor.run_until(lambda: False, stand.conductor.now() + 900)
    assert bench.state() == "healed"
    bench.fault.heals = True
    bench.faults.heal_all()
    assert bench.state() == "proven"
    assert healed_by(stand) == ["harness", "harness"]


def test_who_mended_one_turn_has_not_mended_the_next(stand: Stand, bench: Bench) -> None:
    bench.inject(lambda fault: wrappers.repeated(fault, *TWICE))
    stand.probes["vault"].turn("green")
    stand.conductor.probes().round()
    stand.conductor.dispatch()
    assert bench.state() == "recovered"
    stand.conductor.run_until(lambda: bench.state() == "proven", stand.conductor.now() + 900)
    assert healed_by(stand) == ["harness"]


class Grows(Break):
    """Goes one step further every minute."""

    def moves(self, replica: Replica, target: str, undo: Undo) -> list[Move]:
        return [Move(60.0 * n, f"step {n}", lambda: self.inject(replica, target, undo)) for n in (1, 2, 3)]


def steps_of(stand: Stand) -> list[str]:
    bodies: list[Any] = [event.body for event in stand.of("fault.moved")]
    return [body.step for body in bodies]


def test_what_people_have_mended_goes_no_further(stand: Stand, bench: Bench) -> None:
    bench.begin(Armed(SPEC, Grows().in_world(bench.fault), ("vault",), 2.0))
    began_s = stand.conductor.now()
    stand.conductor.run_until(lambda: False, began_s + 70)
    stand.probes["vault"].turn("green")
    stand.conductor.run_until(lambda: False, began_s + 600)
    assert steps_of(stand) == ["step 1"]
    bench.faults.heal_all()
    assert healed_by(stand) == ["people"]


def test_a_signal_while_a_turn_is_undone_makes_it_nobodys_merit(stand: Stand, bench: Bench) -> None:
    bench.inject(lambda fault: wrappers.repeated(fault, *TWICE))
    bench.fault.fails_once = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        stand.conductor.run_until(lambda: False, stand.conductor.now() + 900)
    stand.probes["vault"].turn("green")
    bench.faults.heal_all()
    assert healed_by(stand) == ["harness"]


def test_its_time_counts_from_its_scripted_instant_and_ends_before_others_begin(
    stand: Stand, bench: Bench
) -> None:
    began_s = stand.conductor.now()
    seen: list[str] = []
    stand.conductor.at(began_s + 600, "another begins", lambda: seen.append(bench.state()))
    bench.inject(lambda fault: wrappers.limited(fault, 600.0))
    stand.conductor.run_until(lambda: bool(seen), began_s + 900)
    assert seen == ["proven"]


def test_every_probe_of_a_fault_must_turn_red(stand: Stand, bench: Bench) -> None:
    both = Armed(SPEC, Break().in_world(bench.fault), ("vault", "ship"), 2.0)
    with pytest.raises(InvalidDrill, match=r"the probe ship was green after 2 s, not red"):
        bench.begin(both)


def test_an_undo_that_fails_is_tried_again_after_the_others(stand: Stand, bench: Bench) -> None:
    bench.inject()
    bench.fault.fails_once = RuntimeError("the other fault is in the way")
    bench.faults.heal_all()
    assert bench.state() == "proven"


def test_every_undo_comes_before_the_first_proof(stand: Stand, tmp_path: Path) -> None:
    bench = Bench(stand, tmp_path)
    bench.inject()
    other = Armed(
        SPEC.model_copy(update={"id": "ship", "target": "ship"}),
        Break().in_world(bench.fault),
        ("ship",),
        2.0,
    )
    bench.begin(other)
    bench.faults.heal_all()
    assert faults_of(stand)[-6:] == [*["fault.healing"] * 2, *["fault.healed"] * 2, *["fault.proven"] * 2]
