"""The contract of a replica, the part about breaking and mending its components."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError
from blackstart.replica.waiting import wait_until
from blackstart.testing.looking import LIMIT_S, all_answer, in_service, own_probe, raised, turns, whole
from blackstart.testing.promised import Promised

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["BreakingContract"]


class BreakingContract(Promised):
    """Whatever a test breaks, it mends."""

    def test_killed_it_stays_down_until_it_is_started(self, replica: Replica, component: str) -> None:
        self._ended(replica, component, replica.kill)

    def test_stopped_it_stays_down_until_it_is_started(self, replica: Replica, component: str) -> None:
        self._ended(replica, component, replica.stop)

    def _ended(self, replica: Replica, component: str, end: Callable[[str], None]) -> None:
        others = [name for name in replica.components() if name != component]
        where = replica.components()[component].endpoint
        end(component)
        assert not replica.running(component), "it says that it runs"
        all_answer(replica)
        turns(own_probe(replica, component), "red")
        assert not replica.running(component), "somebody started it again"
        assert not replica.exited(), "it was asked to end, and is told as a crash"
        assert all(map(replica.running, others)), "another one ended too"
        replica.start(component)
        in_service(replica, component, "start")
        assert replica.components()[component].endpoint == where, "it came back somewhere else"
        whole(replica)

    def test_stopped_it_is_asked_and_killed_it_is_not(self, replica: Replica, component: str) -> None:
        words = self.farewell.get(component, "")
        if not words:
            return
        before = self._said(replica, component, words)
        replica.kill(component)
        replica.start(component)
        replica.stop(component)
        asked = wait_until(lambda: self._said(replica, component, words) == before + 1, LIMIT_S)
        replica.start(component)
        whole(replica)
        assert asked, (
            f"stopped, it did not say {words!r} once: it was not asked to end, or is asked when it is killed"
        )

    def _said(self, replica: Replica, component: str, words: str) -> int:
        return replica.log(component).read_text("utf-8", "replace").count(words)

    def test_what_does_not_run_cannot_be_ended_or_paused(self, replica: Replica, component: str) -> None:
        replica.kill(component)
        for call in (replica.kill, replica.stop, replica.pause, replica.resume):
            call(component)
            assert not replica.running(component), "it came back by itself"
            assert not replica.paused(component), "what does not run is said to be paused"
        self._runs_no_command(replica, component, "it does not run")
        replica.start(component)
        whole(replica)

    def _runs_no_command(self, replica: Replica, component: str, why: str) -> None:
        refused = raised(lambda: replica.exec(component, self.done))
        assert isinstance(refused, ReplicaError), (
            f"{why}, and a command in it is no ReplicaError: {refused!r}"
        )

    def test_starting_what_runs_does_nothing(self, replica: Replica, component: str) -> None:
        before = replica.components()[component]
        replica.start(component)
        assert replica.components()[component] == before, "it was started anew"

    def test_paused_it_runs_and_answers_nobody(self, replica: Replica, component: str) -> None:
        replica.pause(component)
        assert replica.paused(component), "it does not say that it is paused"
        assert replica.running(component), "what is paused runs"
        self._runs_no_command(replica, component, "it is paused")
        all_answer(replica)
        turns(own_probe(replica, component), "red")
        replica.pause(component)
        replica.resume(component)
        assert not replica.paused(component), "it was let go on, and says that it is paused"
        replica.resume(component)
        whole(replica)

    def test_what_is_paused_can_be_ended(self, replica: Replica, component: str) -> None:
        for end in (replica.kill, replica.stop):
            replica.pause(component)
            end(component)
            assert not replica.running(component), "it is paused, and was not ended"
            replica.start(component)
            assert not replica.paused(component), "it was started, and says that it is paused"
        whole(replica)

    def test_restarted_it_is_in_service_again(self, replica: Replica, component: str) -> None:
        replica.restart(component)
        in_service(replica, component, "restart")
        replica.kill(component)
        replica.restart(component)
        in_service(replica, component, "restart")
        whole(replica)

    def test_a_crash_is_told_until_it_is_started(self, replica: Replica, component: str) -> None:
        self.crash(replica, component)
        told = wait_until(lambda: replica.exited() == {component: -signal.SIGKILL}, LIMIT_S)
        assert told, f"it ended by signal {int(signal.SIGKILL)}, and is told as {dict(replica.exited())}"
        assert not replica.running(component), "it ended, and is said to run"
        replica.start(component)
        in_service(replica, component, "start")
        whole(replica)
