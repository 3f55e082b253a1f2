"""Everything a `Replica` promises, as tests for pytest: inherit, and give the fixtures.

class TestMyReplica(ReplicaContract):
    @pytest.fixture
    def replica(self): ...      # one that is up and whole; each test leaves it so
    @pytest.fixture
    def component(self): ...    # the name of one of its components, to be broken; may have several params
    @pytest.fixture
    def fresh(self): ...        # another, of another label, on which `up` was not called; ended by the fixture
    @pytest.fixture
    def hopeless(self): ...     # one more, whose `up` must fail
    def crash(self, replica, component): ...   # ends a component by SIGKILL, behind the replica's back
    def left(self, label): ...                 # what still carries a label, in words; nothing when all is gone
    farewell = {"vault": "shutdown triggered"} # what a component says in its log when it is asked to end, if it does
    def outdated(self, replica): ...           # where it keeps something for a time: see `promised.py`

A promise that is not kept fails with one line that says which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from blackstart.replica.waiting import wait_until
from blackstart.testing.breaking import BreakingContract
from blackstart.testing.living import LivingContract
from blackstart.testing.looking import LIMIT_S, NOBODY, answer, own_probe, refuses, whole

if TYPE_CHECKING:
    from blackstart.replica.base import Component, Replica

__all__ = ["AttachedContract", "ReplicaContract"]

DAY_S = 86_400.0


class ReplicaContract(BreakingContract, LivingContract):
    """The promises of `blackstart.replica.base.Replica`, one test each. Inherit it in a class of your own tests."""

    # --- what is there --------------------------------------------------------------------------

    def test_it_has_a_name_and_a_label(self, replica: Replica) -> None:
        assert replica.name, "it has no name for a plan to call it by"
        assert replica.label, "it has no label: nobody could tell what is its own"

    def test_each_component_says_what_it_is(self, replica: Replica) -> None:
        found: Mapping[str, Component] = replica.components()
        assert found, "it has no component"
        for name, each in found.items():
            assert each.name == name, f"{name} calls itself {each.name}"
            assert each.kind, f"{name} does not say of what kind it is"
            assert each.version, f"{name} does not say of what version it is"
            assert each.endpoint, f"{name} does not say where it is"
        assert list(replica.components()) == list(found), "their order changes"

    def test_its_probes_have_names_of_their_own(self, replica: Replica) -> None:
        names = [probe.name for probe in replica.probes()]
        assert names, "nothing watches it"
        assert len(set(names)) == len(names), f"two probes have one name: {names}"
        assert [probe.name for probe in replica.probes()] == names, "their order changes"

    def test_it_is_whole(self, replica: Replica) -> None:
        whole(replica)
        paused = [name for name in replica.components() if replica.paused(name)]
        assert not paused, f"paused and nobody asked for it: {paused}"

    def test_a_component_that_is_not_there_is_refused_by_name(self, replica: Replica) -> None:
        there = tuple(replica.components())
        calls: list[Callable[[str], object]] = [
            replica.stop,
            replica.kill,
            replica.pause,
            replica.resume,
            replica.start,
            replica.restart,
            replica.running,
            replica.paused,
            replica.log,
            replica.audit_log,
        ]
        for call in calls:
            refuses(lambda call=call: call(NOBODY), *there)  # type: ignore[misc]  # mypy: a default in a lambda
        refuses(lambda: replica.exec(NOBODY, self.done), *there)

    # --- evidence, commands and people ----------------------------------------------------------

    def test_a_command_runs_and_its_exit_code_is_told(self, replica: Replica, component: str) -> None:
        assert replica.exec(component, self.done).exit_code == 0, f"{self.done} did not end well"
        assert replica.exec(component, self.failing).exit_code == 1, f"{self.failing} did not end with 1"
        missing = replica.exec(component, [NOBODY])
        assert missing.exit_code == 127, f"a command that is not there ended with {missing.exit_code}"

    def test_each_has_a_log_of_its_own(self, replica: Replica) -> None:
        logs = [replica.log(name) for name in replica.components()]
        assert len(set(logs)) == len(logs), "two components have one log"
        missing = [str(log) for log in logs if not log.is_file()]
        assert not missing, f"there is no such log: {missing}"

    def test_its_log_goes_on_when_it_starts(self, replica: Replica, component: str) -> None:
        replica.kill(component)
        before = replica.log(component).read_bytes()
        replica.start(component)
        grown = wait_until(lambda: len(replica.log(component).read_bytes()) > len(before), LIMIT_S)
        assert grown, "it was started, and its log has no line of it"
        kept = replica.log(component).read_bytes().startswith(before)
        assert kept, "what it said before it was started is gone from its log"
        whole(replica)

    def test_an_audit_log_has_what_was_asked(self, replica: Replica) -> None:
        for name in replica.components():
            if audit := replica.audit_log(name):
                assert audit.is_file(), f"there is no such audit log: {audit}"
                before = audit.stat().st_size
                answer(own_probe(replica, name))
                grown = wait_until(lambda: audit.stat().st_size > before, LIMIT_S)  # noqa: B023  # called at once
                assert grown, f"{name} was asked something, and its audit log says nothing of it"

    def test_a_participant_has_a_shell_and_nobody_else(self, replica: Replica) -> None:
        shell = replica.shell(self.participant)
        assert shell.argv, "it does not say what to run"
        assert "PATH" in shell.env, "its shell would find no command"
        assert shell.cwd.is_dir(), f"its shell opens in {shell.cwd}, which is not there"
        refuses(lambda: replica.shell(NOBODY), self.participant)

    def test_a_jump_of_time_ends_what_is_kept_and_nothing_else(self, replica: Replica) -> None:
        before = replica.components()
        replica.let_pass(0.0)
        with self.outdated(replica) as still_answered:
            replica.let_pass(DAY_S)
            assert not still_answered(), "a day was jumped over, and it answers with what it kept for less"
        assert replica.components() == before, "time was jumped over, and something was started anew"
        whole(replica)


class AttachedContract:
    """That another process may go on with a replica: the watchdog's healer, `recover`, `resume`. Beside `ReplicaContract`.

    One more fixture: `attached`, the same replica as another process has it, from what is on disk.
    """

    def test_another_process_has_the_same(self, replica: Replica, attached: Replica) -> None:
        assert attached.label == replica.label, "it has another label"
        assert attached.components() == replica.components(), "it has other components"
        names = [probe.name for probe in replica.probes()]
        assert [probe.name for probe in attached.probes()] == names, "it has other probes"
        whole(attached)

    def test_what_one_does_the_other_sees(self, replica: Replica, attached: Replica, component: str) -> None:
        replica.pause(component)
        assert attached.paused(component), "it was paused, and the other does not see it"
        attached.resume(component)
        assert not replica.paused(component), "the other let it go on, and this one does not see it"
        attached.kill(component)
        assert not replica.running(component), "the other ended it, and this one does not see it"
        assert not replica.exited(), "the other was asked to end it, and this one tells it as a crash"
        replica.start(component)
        assert attached.running(component), "it was started, and the other does not see it"
        whole(attached)
