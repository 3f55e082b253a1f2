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
    def crash(self, replica, component): ...   # ends a component behind the replica's back
    def left(self, label): ...                 # what still carries a label, in words; nothing when all is gone

A promise that is not kept fails with one line that says which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import BlackstartError, UsageError
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.base import Component, Probe, Replica

__all__ = ["AttachedContract", "ReplicaContract"]

LIMIT_S = 60.0
"""Real seconds for a real server to come back, on a machine that is busy with other things."""

NOBODY = "nobody-of-that-name"


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


def own_probe(replica: Replica, component: str) -> Probe:
    """The first probe that watches this component."""
    found = [probe for probe in replica.probes() if probe.subject == component]
    assert found, f"no probe watches {component}"
    return found[0]


def turns(probe: Probe, state: str) -> None:
    """Waits until a probe says so."""
    seen = probe.read()

    def turned() -> bool:
        nonlocal seen
        seen = probe.read()
        return seen.state == state

    assert wait_until(turned, LIMIT_S), f"{probe.name} is not {state}: {seen.state} {seen.reason}"


def whole(replica: Replica) -> None:
    """Waits until every probe is green and every component runs."""
    for probe in replica.probes():
        turns(probe, "green")
    down = [name for name in replica.components() if not replica.running(name)]
    assert not down, f"not running: {', '.join(down)}"
    assert not replica.exited(), f"ended and not asked to: {dict(replica.exited())}"


def refuses(call: Callable[[], object], *named: str) -> None:
    """The call is a UsageError whose hint has these names."""
    refused = raised(call)
    assert isinstance(refused, UsageError), f"a name that is not there is no UsageError: {refused!r}"
    missing = [name for name in named if name not in refused.hint]
    assert not missing, f"the hint does not name {', '.join(missing)}: {refused.hint!r}"


def raised(call: Callable[[], object]) -> BlackstartError | None:
    """The error of ours that the call raises; None when it raises nothing."""
    try:
        call()
    except BlackstartError as error:
        return error
    return None


class ReplicaContract:
    """The promises of `blackstart.replica.base.Replica`, one test each. Inherit it in a class of your own tests."""

    participant: ClassVar[str] = "sme-1"
    """Somebody whom the replica was told of."""

    done: ClassVar[tuple[str, ...]] = ("true",)
    """A command that ends well where `exec` runs it, and one that ends with the code 1."""

    failing: ClassVar[tuple[str, ...]] = ("false",)

    def crash(self, replica: Replica, component: str) -> None:
        """Ends the component as a crash does: the replica is not asked."""
        raise NotImplementedError("say how a component of this replica ends by itself")

    def left(self, label: str) -> list[str]:
        """Whatever still carries that label: processes, containers, networks. In words."""
        raise NotImplementedError("say how what carries a label is found")

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
        ]
        for call in calls:
            refuses(lambda call=call: call(NOBODY), *there)  # type: ignore[misc]  # mypy: a default in a lambda
        refuses(lambda: replica.exec(NOBODY, self.done), *there)

    # --- broken and mended ----------------------------------------------------------------------

    def test_killed_it_stays_down_until_it_is_started(self, replica: Replica, component: str) -> None:
        self._ended(replica, component, replica.kill)

    def test_stopped_it_stays_down_until_it_is_started(self, replica: Replica, component: str) -> None:
        self._ended(replica, component, replica.stop)

    def _ended(self, replica: Replica, component: str, end: Callable[[str], None]) -> None:
        others = [name for name in replica.components() if name != component]
        where = replica.components()[component].endpoint
        end(component)
        assert not replica.running(component), "it says that it runs"
        turns(own_probe(replica, component), "red")
        assert not replica.running(component), "somebody started it again"
        assert not replica.exited(), "it was asked to end, and is told as a crash"
        assert all(map(replica.running, others)), "another one ended too"
        replica.start(component)
        assert replica.components()[component].endpoint == where, "it came back somewhere else"
        whole(replica)

    def test_what_does_not_run_cannot_be_ended_or_paused(self, replica: Replica, component: str) -> None:
        replica.kill(component)
        for call in (replica.kill, replica.stop, replica.pause, replica.resume):
            call(component)
            assert not replica.running(component), "it came back by itself"
            assert not replica.paused(component), "what does not run is said to be paused"
        replica.start(component)
        whole(replica)

    def test_starting_what_runs_does_nothing(self, replica: Replica, component: str) -> None:
        before = replica.components()[component]
        replica.start(component)
        assert replica.components()[component] == before, "it was started anew"

    def test_paused_it_runs_and_answers_nobody(self, replica: Replica, component: str) -> None:
        replica.pause(component)
        assert replica.paused(component), "it does not say that it is paused"
        assert replica.running(component), "what is paused runs"
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
        whole(replica)
        replica.kill(component)
        replica.restart(component)
        whole(replica)

    def test_a_crash_is_told_until_it_is_started(self, replica: Replica, component: str) -> None:
        self.crash(replica, component)
        assert wait_until(lambda: component in replica.exited(), LIMIT_S), "nobody is told that it ended"
        assert list(replica.exited()) == [component], "another one is told as well"
        assert replica.exited()[component] != 0, "it crashed, with the exit code of one that ended well"
        assert not replica.running(component), "it ended, and is said to run"
        replica.start(component)
        whole(replica)

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

    def test_an_audit_log_is_a_file(self, replica: Replica) -> None:
        audits = [audit for name in replica.components() if (audit := replica.audit_log(name))]
        missing = [str(audit) for audit in audits if not audit.is_file()]
        assert not missing, f"there is no such audit log: {missing}"

    def test_a_participant_has_a_shell_and_nobody_else(self, replica: Replica) -> None:
        shell = replica.shell(self.participant)
        assert shell.argv, "it does not say what to run"
        assert "PATH" in shell.env, "its shell would find no command"
        assert shell.cwd.is_dir(), f"its shell opens in {shell.cwd}, which is not there"
        refuses(lambda: replica.shell(NOBODY), self.participant)

    def test_a_jump_of_time_does_no_harm(self, replica: Replica) -> None:
        replica.let_pass(0.0)
        replica.let_pass(3600.0)
        whole(replica)

    # --- up and down ----------------------------------------------------------------------------

    def test_its_whole_life_touches_no_other(self, replica: Replica, component: str, fresh: Replica) -> None:
        assert fresh.label != replica.label, "the fixture `fresh` must have a label of its own"
        fresh.down()
        fresh.up(quiet)
        try:
            whole(fresh)
            fresh.kill(component)
            whole(replica)
        finally:
            fresh.down()
        self._all_gone(fresh)
        fresh.down()
        whole(replica)

    def test_up_comes_again_anew(self, fresh: Replica, component: str) -> None:
        try:
            fresh.up(quiet)
            fresh.kill(component)
            fresh.up(quiet)
            whole(fresh)
        finally:
            fresh.down()
        self._all_gone(fresh)

    def test_an_up_that_fails_leaves_nothing(self, hopeless: Replica) -> None:
        failed = raised(lambda: hopeless.up(quiet))
        left = self.left(hopeless.label)
        hopeless.down()
        assert failed, "the fixture `hopeless` must not come up"
        assert failed.message, "it failed, and does not say of what"
        assert not left, f"it failed, and left {left}"

    def _all_gone(self, replica: Replica) -> None:
        assert not (left := self.left(replica.label)), f"it is down, and left {left}"
        with suppress(BlackstartError):  # a replica may know its components only while it is up
            running = [name for name in replica.components() if replica.running(name)]
            assert not running, f"it is down, and says that these run: {running}"


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
