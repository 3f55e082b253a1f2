"""Each wrapper takes a fault and returns a fault: what it adds, and that it passes on all the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import PrivateAttr

from blackstart.errors import UsageError
from blackstart.faults.wrappers import happens, limited, ramped, repeated, validated
from blackstart.testing import FakeReplica, IdleFault

if TYPE_CHECKING:
    from blackstart.faults.base import Move, Undo
    from blackstart.replica.base import Replica


class Noted(IdleFault):
    """Writes down what is asked of it."""

    name: ClassVar[str] = "test.noted"
    kinds: ClassVar[tuple[str, ...]] = ("vault",)
    replicas: ClassVar[tuple[str, ...]] = ("fake",)
    holds: ClassVar[tuple[str, ...]] = ("{target}/{level}",)
    grows_by: ClassVar[tuple[str, ...]] = ("level", "ms")
    level: float = 8.0
    ms: int = 400
    _calls: list[str] = PrivateAttr(default_factory=list)

    def prepare(self, replica: Replica, target: str) -> Undo:
        return {"was": [1, 2]}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        self._calls.append(f"inject {self.level:g} {self.ms}")

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        self._calls.append("heal")

    def calls(self) -> list[str]:
        return self._calls


class Secretive(Noted):
    def prepare(self, replica: Replica, target: str) -> Undo:
        return {"ports": (1, 2)}


@pytest.fixture
def replica(tmp_path: Path) -> FakeReplica:
    return FakeReplica(["vault", "dns"], tmp_path)


def shown(moves: tuple[Move, ...] | list[Move]) -> list[tuple[float, str, bool, bool]]:
    return [(move.after_s, move.name, move.ends, move.off) for move in moves]


def test_a_wrapper_is_what_it_wraps(replica: FakeReplica) -> None:
    fault = validated(limited(Noted(level=2), 60))
    assert fault.about() is Noted
    assert fault.parameters() == {"level": 2.0, "ms": 400}
    assert fault.resources("vault") == frozenset({"vault/2.0"})
    assert fault.probe_name("vault", "vault") == "vault"
    assert fault.probe(replica, "vault") is None
    assert fault.prepare(replica, "vault") == {"was": [1, 2]}
    assert fault.gone(replica, "vault", {})


def test_limited_ends_it(replica: FakeReplica) -> None:
    (move,) = limited(Noted(), 600).moves(replica, "vault", {})
    assert (move.after_s, move.ends) == (600, True)


def test_limited_cuts_what_would_come_after(replica: FakeReplica) -> None:
    moves = limited(ramped(Noted(), 600, 3), 300).moves(replica, "vault", {})
    assert shown(list(moves)) == [(300, "its time is over", True, False)]


def test_repeated_heals_and_comes_again(replica: FakeReplica) -> None:
    inner = Noted()
    moves = repeated(inner, 3, 300, 60).moves(replica, "vault", {})
    assert shown(list(moves)) == [
        (60, "over for the 1st time", False, True),
        (300, "injected for the 2nd time", False, False),
        (360, "over for the 2nd time", False, True),
        (600, "injected for the 3rd time", False, False),
        (660, "over for the last time", True, False),
    ]
    for move in moves:
        move.do()
    assert inner.calls() == ["heal", "inject 8 400", "heal", "inject 8 400"], (
        "the engine does the last healing"
    )


def test_ramped_grows_to_the_whole(replica: FakeReplica) -> None:
    inner = Noted()
    fault = ramped(inner, 300, 4)
    calls: list[str] = []
    fault.inject(replica, "vault", {})
    moves = fault.moves(replica, "vault", {})
    assert [move.after_s for move in moves] == [100, 200, 300]
    for move in moves:
        move.do()
    calls = inner.calls()  # copies of a fault share what they note
    assert calls == ["inject 2 100", "inject 4 200", "inject 6 300", "inject 8 400"]


def test_a_wrapper_may_stand_on_either_side_of_a_ramp(replica: FakeReplica) -> None:
    inner = Noted()
    for fault in (ramped(validated(inner), 300, 4), validated(ramped(inner, 300, 4))):
        fault.inject(replica, "vault", {})
        fault.moves(replica, "vault", {})[-1].do()
    assert inner.calls() == ["inject 2 100", "inject 8 400"] * 2


def test_what_cannot_grow_cannot_be_ramped() -> None:
    with pytest.raises(UsageError, match=r"test\.idle cannot be ramped up"):
        ramped(IdleFault(), 300, 4)


def test_validated_refuses_before_anything_is_touched(replica: FakeReplica) -> None:
    for fault, target, message in [
        (Noted(), "valt", "this drill has no 'valt' to break"),
        (Noted(), "dns", "cannot break dns, a dns"),
        (IdleFault(), "vault", "does not work on the replica fake"),
        (Secretive(), "vault", "could not be undone: what its undo needs does not survive on disk"),
    ]:
        with pytest.raises(UsageError, match=message):
            validated(fault).prepare(replica, target)
    assert replica.calls == []


@given(seed=st.integers(), fault=st.text())
def test_a_certain_fault_always_happens(seed: int, fault: str) -> None:
    assert happens(1.0, seed, fault)


@given(chance=st.floats(0.001, 1), more=st.floats(0, 1), seed=st.integers(), fault=st.text())
def test_the_same_seed_decides_the_same_and_a_greater_chance_only_adds(
    chance: float, more: float, seed: int, fault: str
) -> None:
    decided = happens(chance, seed, fault)
    assert happens(chance, seed, fault) is decided
    assert happens(min(1.0, chance + more), seed, fault) >= decided


def test_a_chance_is_about_what_it_says() -> None:
    count = sum(happens(0.3, seed, "slow-disk") for seed in range(10_000))
    assert count == 3013, "the dice are a hash: the same count on every machine, near 3,000"
