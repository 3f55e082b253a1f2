"""A replica that does not keep what it promises of breaking and mending is told so, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from blackstart.replica.base import Completed, Reading
from blackstart.testing import FakeReplica, breaking, looking
from blackstart.testing.breaking import BreakingContract

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from blackstart.replica.base import Replica


class Contract(BreakingContract):
    farewell: ClassVar[Mapping[str, str]] = {"vault": "asked to end"}

    def crash(self, replica: Replica, component: str) -> None:
        assert isinstance(replica, FakeReplica)
        replica.crash(component)


class Silent(FakeReplica):
    """Does not say that it is paused."""

    def paused(self, component: str) -> bool:
        return False


class Blunt(FakeReplica):
    """Kills what it should ask to end."""

    def stop(self, component: str) -> None:
        self.kill(component)


class Telling(FakeReplica):
    """Tells what it was asked to end as a crash."""

    def kill(self, component: str) -> None:
        self.crash(component)


class Hasty(FakeReplica):
    """Does not wait until it is in service."""

    def start(self, component: str) -> None:
        super().start(component)
        self.set_probes[component].turn("red", "still starting")

    def restart(self, component: str) -> None:
        self.stop(component)
        self.start(component)


class Haunted(FakeReplica):
    """Runs commands in what does not run."""

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        return Completed(0, "", "")


class Positive(FakeReplica):
    """Tells docker's exit code where the signal was promised."""

    def crash(self, component: str, code: int = 137) -> None:
        super().crash(component, code)


class Polite(FakeReplica):
    """Asks what it should kill."""

    def kill(self, component: str) -> None:
        self.stop(component)


def _up(fake: FakeReplica) -> FakeReplica:
    fake.up(looking.quiet)
    return fake


@pytest.mark.parametrize(
    ("kind", "test", "told"),
    [
        (
            Polite,
            "test_stopped_it_is_asked_and_killed_it_is_not",
            "stopped, it did not say 'asked to end' once",
        ),
        (Silent, "test_paused_it_runs_and_answers_nobody", "it does not say that it is paused"),
        (
            Blunt,
            "test_stopped_it_is_asked_and_killed_it_is_not",
            "stopped, it did not say 'asked to end' once",
        ),
        (
            Telling,
            "test_killed_it_stays_down_until_it_is_started",
            "it was asked to end, and is told as a crash",
        ),
        (
            Hasty,
            "test_stopped_it_stays_down_until_it_is_started",
            "start came back too early: vault is red still",
        ),
        (Hasty, "test_restarted_it_is_in_service_again", "restart came back too early: vault is red still"),
        (Hasty, "test_a_crash_is_told_until_it_is_started", "start came back too early: vault is red still"),
        (
            Haunted,
            "test_paused_it_runs_and_answers_nobody",
            "it is paused, and a command in it is no ReplicaError",
        ),
        (
            Haunted,
            "test_what_does_not_run_cannot_be_ended_or_paused",
            "it does not run, and a command in it is no",
        ),
        (
            Positive,
            "test_a_crash_is_told_until_it_is_started",
            "it ended by signal 9, and is told as {'vault': 137}",
        ),
    ],
)
def test_what_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[FakeReplica], test: str, told: str
) -> None:
    for module in (breaking, looking):
        monkeypatch.setattr(module, "LIMIT_S", 0.0)
    with pytest.raises(AssertionError) as broken:
        getattr(Contract(), test)(_up(kind(["vault", "dns"], tmp_path)), "vault")
    assert str(broken.value).startswith(told)


@pytest.mark.parametrize("break_it", ["kill", "pause"])
def test_a_probe_that_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: str) -> None:
    fake = FakeReplica(["vault", "dns"], tmp_path)
    probe, read = fake.set_probes["dns"], fake.set_probes["dns"].read

    def raising() -> Reading:
        if fake.set_probes["vault"].answer.state == "red":
            raise ConnectionRefusedError("refused")
        return read()

    monkeypatch.setattr(probe, "read", raising)
    tests = {
        "kill": Contract().test_killed_it_stays_down_until_it_is_started,
        "pause": Contract().test_paused_it_runs_and_answers_nobody,
    }
    with pytest.raises(
        AssertionError, match=r"^the probe dns raises when it is read: ConnectionRefusedError"
    ):
        tests[break_it](fake, "vault")
