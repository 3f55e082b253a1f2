"""A replica that does not keep what it promises of its life is told so, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.testing import FakeReplica
from blackstart.testing.living import LivingContract
from blackstart.testing.looking import quiet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from blackstart.replica.base import Component, Progress


class Contract(LivingContract):
    def left(self, label: str) -> list[str]:
        return []


class Hasty(FakeReplica):
    """Does not wait until it is in service."""

    def up(self, progress: Progress) -> None:
        super().up(progress)
        self.set_probes["dns"].turn("red", "still starting")


class Slow(FakeReplica):
    """Came up in time, on a machine that stood still when it was asked."""

    def up(self, progress: Progress) -> None:
        super().up(progress)
        self.set_probes["dns"].turn("red", "timed out")
        self.set_probes["dns"].turns_after = 2


class Eternal(FakeReplica):
    """Has its components whether it is up or not."""

    def components(self) -> Mapping[str, Component]:
        there, self._there = self._there, True
        try:
            return super().components()
        finally:
            self._there = there


class Curt(FakeReplica):
    """Does not say what to do when it fails."""

    def up(self, progress: Progress) -> None:
        raise ReplicaError("vault did not come into service")


@pytest.fixture
def whole(tmp_path: Path) -> FakeReplica:
    return FakeReplica(["vault", "dns"], tmp_path / "whole", "whole")


def test_one_that_comes_back_too_early(tmp_path: Path, whole: FakeReplica) -> None:
    hasty = Hasty(["vault", "dns"], tmp_path, started=False)
    with pytest.raises(AssertionError, match=r"^up came back too early: dns is red still starting$"):
        Contract().test_its_whole_life_touches_no_other(whole, hasty)


def test_one_that_did_not_answer_in_time_is_asked_once_more(tmp_path: Path, whole: FakeReplica) -> None:
    Contract().test_its_whole_life_touches_no_other(whole, Slow(["vault", "dns"], tmp_path, started=False))


def test_one_that_has_components_after_its_end(tmp_path: Path, whole: FakeReplica) -> None:
    with pytest.raises(AssertionError, match=r"^it is down, and has vault, dns$"):
        Contract().test_its_whole_life_touches_no_other(whole, Eternal(["vault", "dns"], tmp_path))


def test_one_that_has_components_before_it_is_up(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"^it is not up, and has vault$"):
        Contract().test_before_up_there_is_nothing(Eternal(["vault"], tmp_path, started=False))


def test_one_that_has_probes_before_it_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = FakeReplica(["vault"], tmp_path, started=False)
    monkeypatch.setattr(fresh, "probes", list)
    with pytest.raises(AssertionError, match=r"^it is not up, and its probes are no ReplicaError: None$"):
        Contract().test_before_up_there_is_nothing(fresh)


def test_one_that_leaves_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Contract, "left", lambda self, label: [f"a network of {label}"])
    never = FakeReplica(["vault"], tmp_path, "never")
    never.fails = "no"
    with pytest.raises(AssertionError, match=r"^it failed, and left \['a network of never'\]$"):
        Contract().test_an_up_that_fails_leaves_nothing(never)


def test_one_that_says_no_next_move(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"^it failed, and does not say what to do: vault did not"):
        Contract().test_an_up_that_fails_leaves_nothing(Curt(["vault"], tmp_path))


def test_a_failed_up_of_the_fake_is_an_error_of_ours(tmp_path: Path) -> None:
    never = FakeReplica(["vault"], tmp_path)
    never.fails = "vault did not come into service"
    with pytest.raises(ReplicaError, match=r"^vault did not come into service$"):
        never.up(quiet)
