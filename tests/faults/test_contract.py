"""The contract of a fault, on faults that do not keep it: whatever fails, the replica is as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.testing import FakeReplica, IdleFault

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica


class Kill(IdleFault):
    """Kills its target."""

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        replica.kill(target)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        replica.start(target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return replica.running(target)


class Liar(Kill):
    """Says that it is gone whatever it did."""

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return True


class Halfway(Kill):
    """Breaks something, and fails."""

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        replica.kill(target)
        raise ReplicaError("it broke in two")


class Incurable(Liar):
    """Cannot even be healed."""

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        raise ReplicaError("it does not heal")


@pytest.fixture
def fake(tmp_path: Path) -> FakeReplica:
    return FakeReplica(["vault"], tmp_path)


def test_a_fault_that_keeps_it(fake: FakeReplica) -> None:
    prove_fault(Kill(), fake, "vault", fix=lambda: fake.start("vault"))
    assert fake.running("vault")


def test_one_that_lies_is_healed_nevertheless(fake: FakeReplica) -> None:
    with pytest.raises(AssertionError, match=r"^it says that it is gone at once$"):
        prove_fault(Liar(), fake, "vault")
    assert fake.running("vault")


def test_one_that_fails_halfway_is_healed(fake: FakeReplica) -> None:
    with pytest.raises(ReplicaError, match=r"^it broke in two$"):
        prove_fault(Halfway(), fake, "vault")
    assert fake.running("vault")


def test_what_people_do_wrong_is_healed(fake: FakeReplica) -> None:
    def fix() -> None:
        raise ReplicaError("the wrong command")

    with pytest.raises(ReplicaError, match=r"^the wrong command$"):
        prove_fault(Kill(), fake, "vault", fix=fix)
    assert fake.running("vault")


def test_what_failed_first_is_told_when_the_healing_fails_too(fake: FakeReplica) -> None:
    with pytest.raises(AssertionError, match=r"^it says that it is gone at once$"):
        prove_fault(Incurable(), fake, "vault")
