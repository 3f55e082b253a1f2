"""What docker says of a drill's containers is on record, and a death by somebody's hand is told as what it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from blackstart.drill.happenings import End, Happenings
from blackstart.drill.recovery import Recovery
from blackstart.errors import InvalidDrill, ReplicaError
from blackstart.events import CommandStarted, ComponentExited, ContainerChanged, FreeText
from blackstart.record.store import WriteFailed
from blackstart.replica.containers.events import Happening
from blackstart.replica.telling import REMOVED
from blackstart.scenario import Recovered
from blackstart.testing import FakeReplica

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.drill.conftest import Stand

    from blackstart.drill.conductor import Conductor
    from blackstart.drill.drill import Drill
    from blackstart.events import Body, Event
    from blackstart.replica.telling import Following

WALL = datetime(2026, 4, 26, 15, 31, tzinfo=UTC)


def dead(code: int | None = 137, *, asked: bool = False) -> Happening:
    return Happening("die", WALL, "vault", "vault", "c1", code, asked=asked)


def killed(signal: str = "9") -> list[Happening]:
    """What docker tells of `docker kill`."""
    return [Happening("kill", WALL, "vault", "vault", "c1", detail=signal), dead()]


def removed() -> list[Happening]:
    """What docker tells of `docker rm -f`, until it is gone."""
    return [*killed()[:1], Happening("die", WALL, "vault", "vault", "c1", 137, detail=REMOVED)]


DESTROYED = Happening("destroy", WALL, "vault", "vault", "c1")


class Told(FakeReplica):
    """A replica of containers, whose docker a test speaks for."""

    tell: Callable[[Happening], None]

    def __init__(self, folder: Path) -> None:
        super().__init__(["vault"], folder)
        self.log("vault").write_text("one\ntwo\n")
        self.dead: dict[str, int] = {}
        self.closed = False

    def happenings(self, tell: Callable[[Happening], None]) -> Following:
        self.tell = tell
        return self

    def close(self) -> None:
        self.closed = True

    def exited(self) -> Mapping[str, int]:
        return self.dead

    def machinery(self) -> Collection[str]:
        return ["toxiproxy"]

    def dies(self, *told: Happening) -> None:
        self.dead = {"vault": -9}
        for each in told:
            self.tell(each)


class Unaimed:
    def __init__(self) -> None:
        self.aimed = False

    def aimed_at(self, component: str) -> bool:
        return self.aimed


@dataclass
class Scenario:
    recovered: Recovered = field(default_factory=lambda: Recovered.model_validate({"sustained": "1m"}))


@dataclass
class Small:
    """As much of a drill as its containers and its recovery need."""

    conductor: Conductor
    replica: Told
    faults: Unaimed = field(default_factory=Unaimed)
    scenario: Scenario = field(default_factory=Scenario)
    ended: str = ""
    happenings: Happenings = field(init=False)

    def emit(self, body: Body) -> Event:
        return self.conductor.emit(body, actor="harness", source="harness")


@pytest.fixture
def small(stand: Stand, tmp_path: Path) -> Small:
    made = Small(stand.conductor, Told(tmp_path))
    drill = cast("Drill", made)
    made.happenings = Happenings(drill)
    stand.conductor.listeners += [made.happenings.on_event, Recovery(drill).on_event]
    made.happenings.begin(made.replica)
    stand.conductor.dispatch()
    return made


def test_all_that_docker_tells_is_on_record(stand: Stand, small: Small) -> None:
    small.faults.aimed = True
    small.replica.tell(Happening("pause", WALL, "vault", "vault", "c1", asked=True))
    small.replica.tell(Happening("health", WALL, "vault", "vault", "c1", detail="unhealthy"))
    bodies = [event.body for event in stand.of("container.changed")]
    assert bodies == [
        ContainerChanged("vault", "pause", -1, "", True, "2026-04-26T15:31:00.000000Z"),
        ContainerChanged("vault", "health", -1, "unhealthy", False, "2026-04-26T15:31:00.000000Z"),
    ]
    assert [event.actor for event in stand.of("container.changed")] == ["harness", "vault"]


@pytest.mark.parametrize("signal", ["1", "10", "SIGUSR2"])
def test_a_signal_that_only_talks_to_a_server_happens_to_no_container(
    stand: Stand, small: Small, signal: str
) -> None:
    small.replica.tell(Happening("kill", WALL, "vault", "vault", "c1", detail=signal))
    assert stand.of("container.changed") == []


@pytest.mark.parametrize(
    ("told", "how"),
    [
        (
            killed(),
            "by docker kill of somebody unknown: signal 9 (exit code 137; not by blackstart, not out of memory)",
        ),
        (
            [*killed("15")[:1], *killed()],
            "by docker stop of somebody unknown: signal 15 and 9 (exit code 137; not by blackstart, not out of memory)",
        ),
        (
            [dead()],
            "by signal 9, which docker did not send (exit code 137; not by blackstart, not out of memory)",
        ),
        ([dead(code=1)], "by itself (exit code 1; not by blackstart, not out of memory)"),
        (
            [Happening("oom", WALL, "vault", "vault", "c1"), dead()],
            "out of memory: the kernel killed it (exit code 137)",
        ),
    ],
)
def test_a_death_that_nothing_explains_makes_the_drill_invalid_and_says_what_it_is(
    stand: Stand, small: Small, told: list[Happening], how: str
) -> None:
    small.replica.dies(*told)
    with pytest.raises(InvalidDrill) as error:
        stand.conductor.dispatch()
    assert error.value.message == f"vault ended {how}: no fault was aimed at it, and nobody was at work"
    (exited,) = stand.of("component.exited")
    assert isinstance(exited.body, ComponentExited)
    assert (exited.body.code, exited.body.how, exited.body.last_lines.shown) == (-9, how, "one\ntwo")


def test_a_fault_is_no_excuse_for_a_kill_by_hand(stand: Stand, small: Small) -> None:
    small.faults.aimed = True
    small.replica.dies(*killed())
    with pytest.raises(InvalidDrill, match="the fault that is aimed at it does no such thing"):
        stand.conductor.dispatch()


def test_where_a_fault_is_aimed_or_people_work_it_is_on_record_and_the_drill_goes_on(
    stand: Stand, small: Small
) -> None:
    small.faults.aimed = True
    small.replica.dies(dead())
    stand.conductor.dispatch()
    assert len(stand.of("component.exited")) == 1
    small.faults.aimed = False
    small.replica.tell(Happening("start", WALL, "vault", "vault", "c1", asked=True))
    stand.conductor.emit(CommandStarted("c", "s", FreeText.of("x")), actor="sme-1", source="terminal")
    small.replica.dies(*killed())
    stand.conductor.dispatch()
    codes = [e.body.how[:20] for e in stand.of("component.exited") if isinstance(e.body, ComponentExited)]
    assert codes == ["by signal 9, which d", "by docker kill of so"]


@pytest.mark.parametrize("told", [removed(), [dead(asked=True), DESTROYED]], ids=["it ran", "it was stopped"])
def test_what_is_removed_is_gone_for_good_whoever_works_on_it(
    stand: Stand, small: Small, told: list[Happening]
) -> None:
    small.faults.aimed = True
    stand.conductor.emit(CommandStarted("c", "s", FreeText.of("x")), actor="sme-1", source="terminal")
    small.replica.dies(*told)
    with pytest.raises(InvalidDrill) as error:
        stand.conductor.dispatch()
    assert error.value.message == (
        "vault ended as it was removed by docker rm of somebody unknown, not by blackstart: "
        "the fault that is aimed at it does no such thing, and no command of people's does that"
    )


def test_what_ended_while_people_worked_and_was_then_removed_nobody_can_start_again(
    stand: Stand, small: Small
) -> None:
    stand.conductor.emit(CommandStarted("c", "s", FreeText.of("x")), actor="sme-1", source="terminal")
    small.replica.dies(*killed("15"))
    stand.conductor.dispatch()
    small.replica.tell(DESTROYED)
    with pytest.raises(
        InvalidDrill, match=r"vault ended by docker stop .*, and was then removed by docker rm: .*"
    ):
        stand.conductor.dispatch()


def test_nobody_waits_for_news_of_what_docker_does_not_tell_of(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of the Toxiproxy beside a component of a user's own file."""
    monkeypatch.setattr(small, "replica", FakeReplica(["db"], tmp_path))
    monkeypatch.setattr(small.happenings, "_told", None)
    assert small.happenings.end_of("db-toxiproxy") == End()


def test_no_work_explains_the_end_of_what_no_command_reaches(stand: Stand, small: Small) -> None:
    stand.conductor.emit(CommandStarted("c", "s", FreeText.of("x")), actor="sme-1", source="terminal")
    small.replica.tell(Happening("kill", WALL, "toxiproxy", "toxiproxy", "c2", detail="9"))
    small.replica.dead = {"toxiproxy": -9}
    small.replica.tell(Happening("die", WALL, "toxiproxy", "toxiproxy", "c2", 137))
    with pytest.raises(InvalidDrill, match=r"^toxiproxy ended by docker kill .*no command of people's"):
        stand.conductor.dispatch()


def test_one_whose_log_is_lost_is_told_without_it(stand: Stand, small: Small) -> None:
    small.replica.log("vault").unlink()
    small.replica.dies(*killed())
    with pytest.raises(InvalidDrill, match="vault ended by docker kill"):
        stand.conductor.dispatch()
    (exited,) = stand.of("component.exited")
    assert isinstance(exited.body, ComponentExited)
    assert exited.body.last_lines.shown == ""


def test_what_the_harness_asked_for_is_no_news(stand: Stand, small: Small) -> None:
    small.replica.tell(Happening("kill", WALL, "vault", "vault", "c1", detail="9", asked=True))
    small.replica.tell(dead(asked=True))
    stand.conductor.dispatch()
    assert stand.of("component.exited") == []
    whats = [e.body.what for e in stand.of("container.changed") if isinstance(e.body, ContainerChanged)]
    assert whats == ["die"], "its own signal needs no event: the end says it"


def test_a_red_probe_that_is_quicker_than_docker_waits_for_its_word(stand: Stand, small: Small) -> None:
    small.replica.dead = {"vault": -9}
    speaking = threading.Thread(target=lambda: small.replica.dies(*killed()))
    asked = small.happenings.end_of

    def ask(component: str) -> End:
        speaking.start()
        return asked(component)

    small.happenings.end_of = ask  # type: ignore[method-assign]  # docker speaks once it is waited for
    stand.probes["vault"].turn("red")
    stand.conductor.probes().round()
    with pytest.raises(InvalidDrill, match="by docker kill of somebody unknown"):
        stand.conductor.dispatch()
    speaking.join()


def test_an_end_that_was_asked_for_is_not_the_one_that_is_waited_for(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker is late: of an end and a start by the harness, and an end by hand, it has told the first alone."""
    small.replica.tell(dead(asked=True))

    def waits(seen: Callable[[], bool], limit_s: float) -> bool:
        assert not seen()
        small.replica.dies(Happening("start", WALL, "vault", "vault", "c1", asked=True), *killed())
        return seen()

    monkeypatch.setattr(small.happenings._told, "wait_for", waits)
    assert small.happenings.end_of("vault").by_hand


def test_docker_that_goes_away_ends_the_drill(stand: Stand, small: Small) -> None:
    small.replica.tell(Happening("daemon-gone", WALL, detail="following docker's events: connection refused"))
    with pytest.raises(InvalidDrill) as error:
        stand.conductor.dispatch()
    assert (
        error.value.message
        == "docker went away in the middle of the drill: following docker's events: connection refused"
    )
    assert "blackstart recover" in error.value.hint
    small.ended = "invalid"
    small.replica.tell(Happening("daemon-back", WALL))
    small.replica.tell(Happening("daemon-gone", WALL))
    stand.conductor.dispatch()
    assert [e.actor for e in stand.of("container.changed")] == ["docker"] * 3


def test_a_replica_that_cannot_be_asked_ends_it_too(stand: Stand, small: Small) -> None:
    def gone() -> Mapping[str, int]:
        raise ReplicaError("docker does not answer", hint="start docker")

    small.replica.exited = gone  # type: ignore[method-assign]  # its docker is gone
    stand.probes["vault"].turn("red")
    stand.conductor.probes().round()
    with pytest.raises(InvalidDrill, match="the replica cannot be asked any more: docker does not answer"):
        stand.conductor.dispatch()


def test_a_drill_that_is_over_is_only_healed_whatever_died(stand: Stand, small: Small) -> None:
    small.replica.dies(*killed())
    small.ended = "aborted"
    stand.conductor.dispatch()
    assert stand.of("component.exited") == []


def test_a_full_disk_keeps_nobody_from_knowing(
    stand: Stand, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Event:
        raise WriteFailed("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(stand.conductor, "emit", full)
        small.replica.dies(*killed())
    assert small.happenings.end_of("vault").by_hand


def test_it_is_closed_with_its_owner(small: Small) -> None:
    small.happenings.close()
    assert small.replica.closed


def test_a_replica_of_processes_has_none(stand: Stand, tmp_path: Path) -> None:
    happenings = Happenings(cast("Drill", Small(stand.conductor, Told(tmp_path))))
    happenings.begin(FakeReplica(["vault"], tmp_path))
    assert happenings.end_of("vault") == End()
    happenings.close()
