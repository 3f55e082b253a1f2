"""The contract of a replica, on the fake one and on the embedded one; tests/integration/compose has the third."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from blackstart.errors import UsageError
from blackstart.replica.layout import CANARY, PROXY, ZONE
from blackstart.replica.local import LocalReplica
from blackstart.replica.programs import processes
from blackstart.replica.programs.dns_policy import PolicyFile, Rule
from blackstart.replica.programs.dnsclient import ask
from blackstart.testing import AttachedContract, FakeReplica, ReplicaContract, contract
from blackstart.testing.looking import LIMIT_S

if TYPE_CHECKING:
    from blackstart.replica.base import Replica


class TestFake(ReplicaContract):
    farewell: ClassVar[Mapping[str, str]] = {"vault": "asked to end"}

    @pytest.fixture
    def replica(self, tmp_path: Path) -> FakeReplica:
        return _up(FakeReplica(["vault", "dns"], tmp_path / "one"))

    @pytest.fixture
    def component(self) -> str:
        return "vault"

    @pytest.fixture
    def fresh(self, tmp_path: Path) -> FakeReplica:
        return FakeReplica(["vault", "dns"], tmp_path / "other", "another", started=False)

    @pytest.fixture
    def hopeless(self, tmp_path: Path) -> FakeReplica:
        never = FakeReplica(["vault"], tmp_path / "never", "never", started=False)
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
    farewell: ClassVar[Mapping[str, str]] = {"vault": "shutdown triggered"}

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

    @contextmanager
    def outdated(self, replica: Replica) -> Iterator[Callable[[], bool]]:
        """The resolver has a copy of an answer, and the authority gives it to nobody any more."""
        assert isinstance(replica, LocalReplica)
        host, port, name = *replica.site.at["resolver"], f"registry.{ZONE}"
        policy = PolicyFile(replica.data("dns"))

        def found() -> bool:
            return bool(ask((host, port), name, "A", timeout_s=LIMIT_S).answers)

        assert found()
        policy.add(Rule(name, "SERVFAIL"))
        try:
            assert found(), "it has a copy"
            yield found
        finally:
            policy.remove(name)

    def left(self, label: str) -> list[str]:
        return [f"{name}: {pids}" for name, pids in processes.by_component(label).items()]


# --- a promise that is broken is told in one line ------------------------------------------------


class Forgetful(FakeReplica):
    """Takes any name to stop, and for a log; its audit log says nothing; it keeps answers for ever."""

    def stop(self, component: str) -> None:
        """Takes any name."""

    def log(self, component: str) -> Path:
        return self.folder / component

    def audit_log(self, component: str) -> Path | None:
        audit = self.folder / "audit"
        audit.touch()
        return audit


class Keeping(TestFake):
    """Whatever passes, it answers with what it kept."""

    @contextmanager
    def outdated(self, replica: Replica) -> Iterator[Callable[[], bool]]:
        yield lambda: True


@pytest.fixture
def forgetful(tmp_path: Path) -> FakeReplica:
    tmp_path.joinpath("vault").touch()
    return Forgetful(["vault", "dns"], tmp_path)


def test_a_replica_that_takes_any_name(forgetful: FakeReplica) -> None:
    with pytest.raises(AssertionError, match=r"^a name that is not there is no UsageError: None$"):
        TestFake().test_a_component_that_is_not_there_is_refused_by_name(forgetful)


@pytest.mark.parametrize("call", ["log", "audit_log"])
def test_nobody_has_no_log(tmp_path: Path, call: str) -> None:
    local = LocalReplica(tmp_path, "try", [])
    for replica in (local, FakeReplica(["vault"], tmp_path)):
        with pytest.raises(UsageError, match=r"replica has no component 'nobody'$") as refused:
            getattr(replica, call)("nobody")
        assert "vault" in refused.value.hint


def test_the_canary_and_the_proxy_have_logs_for_the_harness(tmp_path: Path) -> None:
    local = LocalReplica(tmp_path, "try", [])
    assert local.log(CANARY) == tmp_path / "logs" / "canary.log"
    assert local.log(PROXY) == tmp_path / "logs" / "proxy.log"


def test_a_replica_whose_log_says_nothing(forgetful: FakeReplica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "LIMIT_S", 0.0)
    monkeypatch.setattr(forgetful, "_says", lambda component, line: None)
    with pytest.raises(AssertionError, match=r"^it was started, and its log has no line of it$"):
        TestFake().test_its_log_goes_on_when_it_starts(forgetful, "vault")


def test_a_replica_whose_audit_log_says_nothing(
    forgetful: FakeReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "LIMIT_S", 0.0)
    with pytest.raises(
        AssertionError, match=r"^vault was asked something, and its audit log says nothing of it$"
    ):
        TestFake().test_an_audit_log_has_what_was_asked(forgetful)


def test_a_replica_that_keeps_what_it_has_for_ever(forgetful: FakeReplica) -> None:
    with pytest.raises(AssertionError, match=r"^a day was jumped over, and it answers with what it kept"):
        Keeping().test_a_jump_of_time_ends_what_is_kept_and_nothing_else(forgetful)
