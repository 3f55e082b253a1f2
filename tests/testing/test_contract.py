"""The contract of a replica, on the fake one and on the embedded one; tests/integration/compose has the third."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.local import LocalReplica
from blackstart.replica.programs import processes
from blackstart.testing import AttachedContract, FakeReplica, ReplicaContract

if TYPE_CHECKING:
    from blackstart.replica.base import Replica


class TestFake(ReplicaContract):
    @pytest.fixture
    def replica(self, tmp_path: Path) -> FakeReplica:
        return _up(FakeReplica(["vault", "dns"], tmp_path / "one"))

    @pytest.fixture
    def component(self) -> str:
        return "vault"

    @pytest.fixture
    def fresh(self, tmp_path: Path) -> FakeReplica:
        return FakeReplica(["vault", "dns"], tmp_path / "other", "another")

    @pytest.fixture
    def hopeless(self, tmp_path: Path) -> FakeReplica:
        never = FakeReplica(["vault"], tmp_path / "never", "never")
        never.fails = "vault did not come into service"
        return never

    def crash(self, replica: Replica, component: str) -> None:
        assert isinstance(replica, FakeReplica)
        replica.crash(component)

    def left(self, label: str) -> list[str]:
        return []  # it starts nothing


def _up(fake: FakeReplica) -> FakeReplica:
    fake.up(lambda *news: None)
    return fake


@pytest.mark.replica
class TestLocal(ReplicaContract, AttachedContract):
    @pytest.fixture
    def replica(self, shared_replica: LocalReplica) -> LocalReplica:
        return shared_replica

    @pytest.fixture(params=["vault", "payments"])
    def component(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def attached(self, replica: LocalReplica) -> LocalReplica:
        return LocalReplica.attach(replica.log("vault").parent.parent, replica.label)

    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Iterator[LocalReplica]:
        another = LocalReplica(tmp_path / "another", f"another-{os.getpid()}", ["sme-1"])
        yield another
        another.down()

    @pytest.fixture
    def hopeless(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalReplica:
        monkeypatch.setattr("blackstart.replica.components.registry._PROGRAM", tmp_path / "gone.py")
        return LocalReplica(tmp_path / "never", f"never-{os.getpid()}", [])

    def crash(self, replica: Replica, component: str) -> None:
        pid = replica.components()[component].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def left(self, label: str) -> list[str]:
        return [f"{name}: {pids}" for name, pids in processes.by_component(label).items()]


# --- a promise that is broken is told in one line ------------------------------------------------


class Forgetful(FakeReplica):
    """Does not say that it is paused, takes any name to stop, and tells what it was asked to end as a crash."""

    def paused(self, component: str) -> bool:
        return False

    def stop(self, component: str) -> None:
        """Takes any name."""

    def kill(self, component: str) -> None:
        self.crash(component)


@pytest.fixture
def forgetful(tmp_path: Path) -> FakeReplica:
    return _up(Forgetful(["vault", "dns"], tmp_path))


def test_a_replica_that_says_nothing_of_a_pause(forgetful: FakeReplica) -> None:
    with pytest.raises(AssertionError, match=r"^it does not say that it is paused$"):
        TestFake().test_paused_it_runs_and_answers_nobody(forgetful, "vault")


def test_a_replica_that_takes_any_name(forgetful: FakeReplica) -> None:
    with pytest.raises(AssertionError, match=r"^a name that is not there is no UsageError: None$"):
        TestFake().test_a_component_that_is_not_there_is_refused_by_name(forgetful)


def test_a_replica_that_tells_its_own_doing_as_a_crash(forgetful: FakeReplica) -> None:
    with pytest.raises(AssertionError, match=r"^it was asked to end, and is told as a crash$"):
        TestFake().test_killed_it_stays_down_until_it_is_started(forgetful, "vault")


def test_a_replica_that_leaves_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TestFake, "left", lambda self, label: [f"a network of {label}"])
    never = FakeReplica(["vault"], tmp_path, "never")
    never.fails = "no"
    with pytest.raises(AssertionError, match=r"^it failed, and left \['a network of never'\]$"):
        TestFake().test_an_up_that_fails_leaves_nothing(never)


def test_a_failed_up_of_the_fake_is_an_error_of_ours(tmp_path: Path) -> None:
    never = FakeReplica(["vault"], tmp_path)
    never.fails = "vault did not come into service"
    with pytest.raises(ReplicaError, match=r"^vault did not come into service$"):
        never.up(lambda *news: None)
