"""What the healer makes of a ledger: newest first, everything tried, nothing believed without proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from pydantic import PrivateAttr

from blackstart.errors import ReplicaError
from blackstart.faults import healer
from blackstart.faults.base import Fault, Undo
from blackstart.faults.catalogue import of_row
from blackstart.faults.healer import heal
from blackstart.faults.ledger import Ledger, Row
from blackstart.replica.waiting import wait_until
from blackstart.scenario import Part
from blackstart.testing import FakeReplica, ManualTime, SetProbe

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica


class World:
    """What the faults of these tests act on: what is broken, what keeps an undo from working, who was called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.broken: set[str] = set()
        self.blocked_by: dict[str, str] = {}
        self.clings: set[str] = set()
        self.late: dict[str, int] = {}
        self.waits: dict[str, Callable[[], bool]] = {}


class Break(Fault):
    """Breaks its target in the world of a test."""

    name: ClassVar[str] = "test.break"
    summary: ClassVar[str] = "for tests"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    seen: ClassVar[str] = "nothing"
    fix: ClassVar[str] = "nothing"

    _world: World = PrivateAttr(default_factory=World)

    def in_world(self, world: World) -> Break:
        self._world = world
        return self

    def prepare(self, replica: Replica, target: str) -> Undo:
        return {}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        self._world.broken.add(target)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        self._world.calls.append(undo.get("id", target))
        if target in self._world.waits:
            assert wait_until(self._world.waits[target], 30.0)
        if self._world.blocked_by.get(target) in self._world.broken:
            raise ReplicaError(f"{self._world.blocked_by[target]} is in the way")
        if self._world.late.get(target):
            self._world.late[target] -= 1
        elif target not in self._world.clings:
            self._world.broken.discard(target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return target not in self._world.broken

    def probe(self, replica: Replica, target: str) -> Probe | None:
        return SetProbe(f"{target}-own")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def replica(tmp_path: Path) -> FakeReplica:
    return FakeReplica(["vault", "dns"], tmp_path / "replica")


@pytest.fixture
def ledger(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """Two faults that were effective when the harness died."""
    ours = Break().in_world(world)
    monkeypatch.setattr(
        "blackstart.faults.healer.of_row", lambda row: ours if row.type == Break.name else of_row(row)
    )
    ledger = Ledger(tmp_path)
    for target in ("vault", "dns"):
        ledger.intend(target, type="test.break", target=target, params={}, undo={}, probe=target)
        ledger.mark(target, "effective")
        world.broken.add(target)
    return ledger


def healed(ledger: Ledger, replica: FakeReplica) -> dict[str, str]:
    """Why each fault is not proven."""
    found = heal(ledger, replica, limit_s=10.0, time=ManualTime())
    return {each.row.fault: each.why for each in found}


def test_everything_is_undone_and_proven(ledger: Ledger, replica: FakeReplica, world: World) -> None:
    assert healed(ledger, replica) == {"dns": "", "vault": ""}
    assert sorted(world.calls) == ["dns", "vault"]
    assert ledger.open_rows() == []
    assert ledger.states("vault") == ["intended", "effective", "healing", "healed", "proven"]


def test_on_one_target_the_newest_is_undone_first(ledger: Ledger, replica: FakeReplica, world: World) -> None:
    for name in ("first", "second", "third"):
        undo = {"id": name}
        ledger.intend(name, type="test.break", target="dns", params={}, undo=undo, probe="dns")
    healed(ledger, replica)
    assert [call for call in world.calls if call != "vault"] == ["third", "second", "first", "dns"]


def test_what_breaks_after_its_undo_is_undone_again(
    ledger: Ledger, replica: FakeReplica, world: World
) -> None:
    """As a server that was asked to end when the harness died: the first undo finds it running."""
    world.late["vault"] = 2
    assert healed(ledger, replica) == {"dns": "", "vault": ""}
    assert world.calls.count("vault") == 3


def test_one_that_is_slow_to_come_back_keeps_no_other_waiting(
    ledger: Ledger, replica: FakeReplica, world: World
) -> None:
    """The undo on dns ends only when the ledger says that vault, older and slower to be looked at, is proven."""
    world.waits["dns"] = lambda: "proven" in ledger.states("vault")
    assert healed(ledger, replica) == {"dns": "", "vault": ""}


def test_healing_again_finds_nothing_to_do(ledger: Ledger, replica: FakeReplica) -> None:
    healed(ledger, replica)
    assert healed(ledger, replica) == {}


def test_an_undo_that_another_fault_kept_from_its_component_is_tried_again(
    ledger: Ledger, replica: FakeReplica, world: World
) -> None:
    world.blocked_by["dns"] = "vault"
    assert healed(ledger, replica) == {"dns": "", "vault": ""}
    assert world.calls.count("vault") == 1


def test_an_undo_that_fails_stays_open_and_keeps_no_other_from_being_healed(
    ledger: Ledger, replica: FakeReplica, world: World
) -> None:
    world.blocked_by["dns"] = "vault"
    world.clings.add("vault")
    why = healed(ledger, replica)
    assert why == {"dns": "undoing it failed: vault is in the way", "vault": "test.break is still on vault"}
    assert {row.fault: row.state for row in ledger.open_rows()} == {"dns": "unproven", "vault": "unproven"}


def test_green_alone_is_no_proof_and_neither_is_gone_alone(
    ledger: Ledger, replica: FakeReplica, world: World
) -> None:
    world.clings.add("vault")
    probes = {probe.name: probe for probe in replica.probes()}
    probe = probes["dns"]
    assert isinstance(probe, SetProbe)
    probe.turn("red", "SERVFAIL")
    assert healed(ledger, replica) == {
        "dns": "the probe dns is red: SERVFAIL",
        "vault": "test.break is still on vault",
    }


def test_a_probe_that_the_fault_brings_proves_it(ledger: Ledger, replica: FakeReplica) -> None:
    ledger.intend("own", type="test.break", target="vault", params={}, undo={}, probe="vault-own")
    assert healed(ledger, replica)["own"] == ""


class Both(Break):
    """Breaks its target, and is seen by the probes of two."""

    def composed(self) -> Mapping[tuple[str | int, ...], Part]:
        return {("parts", n): Part(fault="test.break", target=t) for n, t in enumerate(("vault", "dns"))}

    def probe_names(self, target: str, own: Callable[[str], str]) -> tuple[str, ...]:
        return (own("vault"), own("dns"))


def test_every_part_must_be_seen(
    ledger: Ledger, replica: FakeReplica, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blackstart.faults.healer.of_row", lambda row: Both().in_world(world))
    ledger.intend("both", type="test.both", target="vault", params={}, undo={}, probe="vault")
    replica.set_probes["dns"].turn("red", "no answer")
    assert healed(ledger, replica)["both"] == "the probe dns is red: no answer"
    replica.set_probes["dns"].turn("green")
    assert healed(ledger, replica)["both"] == ""


def test_a_probe_that_nobody_has_proves_nothing(ledger: Ledger, replica: FakeReplica) -> None:
    ledger.intend("lost", type="test.break", target="vault", params={}, undo={}, probe="lost-property")
    assert healed(ledger, replica)["lost"] == "there is no probe lost-property any more"


def test_a_fault_that_is_not_installed_any_more_stays_open(ledger: Ledger, replica: FakeReplica) -> None:
    ledger.intend("theirs", type="theirs.gone", target="vault", params={}, undo={}, probe="vault")
    assert healed(ledger, replica) == {
        "theirs": "no fault is called 'theirs.gone'",
        "dns": "",
        "vault": "",
    }
    assert [row.fault for row in ledger.open_rows()] == ["theirs"]


def test_a_fault_that_cannot_be_made_from_its_row_keeps_no_other_from_being_healed(
    ledger: Ledger, replica: FakeReplica, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(row: Row) -> Fault:
        if row.fault == "dns":
            raise RuntimeError("today's version cannot")
        return Break().in_world(world)

    monkeypatch.setattr("blackstart.faults.healer.of_row", made)
    assert healed(ledger, replica) == {
        "dns": "test.break cannot be made from its row: today's version cannot",
        "vault": "",
    }


def test_what_people_mended_stays_theirs_in_the_ledger(ledger: Ledger, replica: FakeReplica) -> None:
    ledger.mark("vault", "recovered")
    healed(ledger, replica)
    assert "recovered" in ledger.states("vault")


def test_a_row_says_in_a_line_what_came_of_it() -> None:
    row = Row("INC-1", "sealed", "vault.seal", "vault", {}, {}, "effective", "", "vault")
    assert str(healer.Healed(row, undone=ManualTime().now(), why="")) == (
        "healed the fault sealed (vault.seal on vault): proven by vault"
    )
    assert str(healer.Healed(row)) == (
        "did not heal the fault sealed (vault.seal on vault): not proven: it was not tried"
    )
