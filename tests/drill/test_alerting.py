"""Pages that the replica's monitoring sends: at their instant, late, never, and once more in a replay."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from blackstart.clock import JumpClock, ResumedTime
from blackstart.drill.alerting import COMES_WITHIN_S, Alerting
from blackstart.drill.conductor import Conductor
from blackstart.drill.msel import Injects
from blackstart.drill.replay import Replay
from blackstart.events import (
    AlertMissing,
    AlertReceived,
    DrillResumed,
    Event,
    FreeText,
    PageFired,
    ProbeChanged,
    ProbesSampled,
)
from blackstart.people.alerts import Alerts
from blackstart.people.pager import Pager
from blackstart.people.thread import Threads
from blackstart.probes import Sampler
from blackstart.protocol import Protocol
from blackstart.replica.programs.pager import Pager as PagerServer
from blackstart.replica.telling import AlertFeed
from blackstart.replica.waiting import wait_until
from blackstart.scenario import Inject
from blackstart.testing import START, FakeReplica, SetProbe

if TYPE_CHECKING:
    from tests.drill.conftest import Memory, Stand

    from blackstart.record.store import Record

LIMIT_S = 60.0
DUE_S = 75.0
"""The probe turns red at 1 s; red for a minute, that is due at the next evaluation."""

PROTOCOL = Protocol(kind="protocol", title="test")
PAGE = Inject.model_validate(
    {
        "id": "page",
        "type": "page",
        "when": {"probe": "vault", "red_for": "1m"},
        "from": "alerting",
        "to": "on-call",
        "text": "logins fail",
    }
)
PLAIN = Inject.model_validate(
    {"id": "plain", "type": "page", "at": "5s", "from": "alerting", "to": "on-call", "text": "look"}
)


def firing(summary: str = "logins answer 503", probe: str = "vault") -> AlertReceived:
    return AlertReceived(
        "VaultLoginFailing", "firing", probe, "vault", FreeText.of(summary), "T1", "T2", f"f-{probe}"
    )


class Monitored(FakeReplica):
    """A replica that says where its alerts are read."""

    feed: AlertFeed | None = None

    def alerts(self) -> AlertFeed | None:
        return self.feed


class Play:
    """A conductor with the page of a story, on a replica that monitors itself; nothing is read from a pager."""

    def __init__(self, conductor: Conductor, *, begun: bool = True) -> None:
        self.conductor = conductor
        self.alerts = Alerts(conductor.emit)
        self.pager = Pager(["sme-1"], 300.0, conductor, conductor.emit)
        self.alerting = Alerting(conductor, self.alerts, self.pager)
        self.alerting.begun = begun
        threads = Threads(conductor.emit)
        self.injects = Injects([PAGE, PLAIN], conductor, self.pager, threads, PROTOCOL, self.alerting)
        conductor.listeners.append(self.injects.on_event)

    def comes(self, alert: AlertReceived) -> None:
        """The pager was told."""
        self.alerts.take(self.conductor.emit(alert, actor="alertmanager", source="page"))

    def run(self, until_s: float = 600.0) -> None:
        self.conductor.run_until(lambda: False, until_s)


@pytest.fixture
def play(stand: Stand) -> Play:
    return Play(stand.conductor)


def breaks(stand: Stand) -> None:
    stand.conductor.at(1.0, "break", lambda: stand.probes["vault"].turn("red"))
    stand.conductor.at(2.0, "look", lambda: None)
    stand.conductor.run_until(lambda: False, 2.0)


def pages(stand: Stand) -> list[PageFired]:
    return [event.body for event in stand.of("page.fired") if isinstance(event.body, PageFired)]


class Later(SetProbe):
    """A probe that does something at one of its readings."""

    def __init__(self, name: str, reading: int, then: Any) -> None:
        super().__init__(name)
        self.left, self.then = reading, then

    def read(self) -> Any:
        self.left -= 1
        if not self.left:
            self.then()
        return super().read()


def looking(stand: Stand, readings: int, then: Any) -> None:
    """While an alert is waited for, something happens at this round of the probes."""
    sampler = stand.conductor.probes()
    stand.conductor.sampler = Sampler(
        [*stand.probes.values(), Later("other", readings, then)], stand.clock, stand.conductor.emit
    )
    for event in stand.record.events:
        stand.conductor.sampler.take(event)
    sampler.close()


# --- live -----------------------------------------------------------------------------------------


def test_an_alert_that_is_there_pages_at_the_exact_instant_in_its_own_words(stand: Stand, play: Play) -> None:
    breaks(stand)
    play.comes(firing())
    play.run()
    (page,) = pages(stand)
    assert stand.of("page.fired")[0].drill_s == DUE_S
    assert page.symptom.shown == "[DRILL] VaultLoginFailing: logins answer 503"
    assert (page.via, page.alert, page.fingerprint) == ("alertmanager", "VaultLoginFailing", "f-vault")
    (delivered,) = stand.of("inject.delivered")
    assert delivered.body.to_data()["inject"] == "page"


def test_one_that_is_late_is_waited_for_in_real_time(stand: Stand, play: Play) -> None:
    breaks(stand)
    stand.conductor.run_until(lambda: False, DUE_S - 1)
    looking(stand, 100, lambda: play.comes(firing()))
    play.run()
    (page,) = stand.of("page.fired")
    (alert,) = stand.of("alert.received")
    assert DUE_S < alert.drill_s <= page.drill_s < DUE_S + COMES_WITHIN_S
    assert page.seq > alert.seq
    jumps = [event for event in stand.of("clock.jumped") if alert.drill_s > event.drill_s > DUE_S]
    assert jumps == [], "nothing jumps over what is waited for"


def test_one_that_never_comes_pages_nobody_and_is_on_record(stand: Stand, play: Play) -> None:
    breaks(stand)
    play.comes(firing(probe="dns"))
    play.run()
    assert pages(stand) == []
    (missing,) = stand.of("alert.missing")
    assert missing.body == AlertMissing("page", "vault", COMES_WITHIN_S)
    assert missing.drill_s >= DUE_S + COMES_WITHIN_S
    assert stand.of("inject.delivered") == []


def test_trouble_that_is_over_first_is_no_reason_to_page(stand: Stand, play: Play) -> None:
    breaks(stand)
    stand.conductor.run_until(lambda: False, DUE_S - 1)
    looking(stand, 100, lambda: stand.probes["vault"].turn("green"))
    play.run(300.0)
    assert stand.of("alert.missing") == []
    assert pages(stand) == []
    stand.conductor.at(300.0, "again", lambda: stand.probes["vault"].turn("red"))
    stand.conductor.at(301.0, "look", lambda: None)
    play.comes(firing())
    play.run(600.0)
    assert [event.drill_s for event in stand.of("page.fired")] == [375.0], "the next stretch counts anew"


def test_an_alert_without_a_summary_has_the_story_s_words(stand: Stand, play: Play) -> None:
    breaks(stand)
    play.comes(firing(""))
    play.run()
    assert pages(stand)[0].symptom.shown == "[DRILL] logins fail"


def test_an_alert_that_no_inject_waits_for_pages_nobody(stand: Stand, play: Play) -> None:
    play.comes(firing())
    play.run()
    assert pages(stand) == []
    assert len(stand.of("alert.received")) == 1


def test_a_page_by_the_schedule_is_the_story_s_own(stand: Stand, play: Play) -> None:
    play.injects.begin(0.0)
    play.run()
    (page,) = pages(stand)
    assert (page.symptom.shown, page.via) == ("[DRILL] look", "")


def test_without_monitoring_the_harness_stands_for_it(stand: Stand) -> None:
    play = Play(stand.conductor, begun=False)
    breaks(stand)
    play.run()
    (page,) = pages(stand)
    assert (page.symptom.shown, page.via, page.alert) == ("[DRILL] logins fail", "", "")
    assert stand.of("page.fired")[0].drill_s == DUE_S


# --- a pager ----------------------------------------------------------------------------------------


@contextmanager
def pager_server() -> Iterator[PagerServer]:
    server = PagerServer(("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_replica_s_own_pager_is_followed(stand: Stand, tmp_path: Path) -> None:
    play = Play(stand.conductor, begun=False)
    replica = Monitored(["vault"], tmp_path)
    with pager_server() as server:
        replica.feed = AlertFeed("127.0.0.1", server.server_address[1])
        play.alerting.begin(replica)
        breaks(stand)
        labels = {"alertname": "VaultSealed", "probe": "vault", "component": "vault"}
        server.inbox.take({"alerts": [{"status": "firing", "labels": labels, "fingerprint": "f"}]})
        assert wait_until(lambda: play.alerts.firing("vault") is not None, LIMIT_S)
        play.alerting.close()
    play.run()
    assert pages(stand)[0].alert == "VaultSealed"


@pytest.mark.parametrize("made", [FakeReplica, Monitored])
def test_a_replica_without_monitoring_has_no_pager(
    stand: Stand, tmp_path: Path, made: type[FakeReplica]
) -> None:
    play = Play(stand.conductor, begun=False)
    play.alerting.begin(made(["vault"], tmp_path))
    assert not play.alerting.begun
    play.alerting.close()


# --- replay -----------------------------------------------------------------------------------------


def replayed(events: list[Event], memory: Memory) -> Play:
    """A drill of this record that was brought back; its replica is not asked. What it adds goes to `memory`."""
    time = ResumedTime(START, events[-1].mono_ns, events[-1].drill_s)
    time.move_to(0.0)
    clock = JumpClock(time)
    conductor = Conductor(clock, cast("Record", memory))
    probes = {name: SetProbe(name) for name in ("vault", "ship")}
    probes["vault"].turn("red")
    conductor.sampler = Sampler(list(probes.values()), clock, conductor.emit)
    conductor.sampler.recorded = conductor.replay_round
    play = Play(conductor)

    def alive() -> None:
        time.thaw()
        conductor.emit(DrillResumed(1.0), actor="harness", source="harness")
        conductor.come_alive()

    conductor.replay = Replay(events, time, clock, conductor.hear, alive)
    return play


def lived(stand: Stand, play: Play) -> list[Event]:
    """The record of a drill whose page came late."""
    breaks(stand)
    stand.conductor.run_until(lambda: False, DUE_S - 1)
    looking(stand, 100, lambda: play.comes(firing()))
    play.run(200.0)
    return stand.record.events


def cut(events: list[Event], kind: str) -> list[Event]:
    """All up to the first event of that kind, as a harness left it that died right there."""
    return events[: next(i for i, event in enumerate(events) if event.kind == kind) + 1]


@pytest.mark.parametrize("kind", ["page.fired", "inject.delivered"])
def test_a_page_on_record_is_fired_again_without_waiting(stand: Stand, play: Play, kind: str) -> None:
    events = cut(lived(stand, play), kind)
    memory = type(stand.record)()
    again = replayed(events, memory)
    again.conductor.run_until(lambda: not again.conductor.replaying(), 1000.0)
    assert again.pager.page("p-1").symptom == "[DRILL] VaultLoginFailing: logins answer 503"
    assert [event.kind for event in memory.events[:1]] == ["drill.resumed"]
    assert "page.fired" not in [event.kind for event in memory.events]


def test_an_alert_on_record_from_right_before_the_death_fires_the_page(stand: Stand, play: Play) -> None:
    events = cut(lived(stand, play), "alert.received")
    memory = type(stand.record)()
    again = replayed(events, memory)
    again.conductor.run_until(lambda: bool(again.pager.open()), 1000.0)
    assert [event.kind for event in memory.events if event.kind.startswith("page")] == [
        "page.fired",
        "page.delivered",
    ]


def test_a_missing_alert_is_not_waited_for_twice(stand: Stand, play: Play) -> None:
    breaks(stand)
    play.run(200.0)
    events = cut(stand.record.events, "alert.missing")
    memory = type(stand.record)()
    again = replayed(events, memory)
    again.conductor.run_until(lambda: not again.conductor.replaying(), 1000.0)
    assert [event.kind for event in memory.events] == ["drill.resumed"]
    assert again.pager.open() == ()


def test_trouble_that_was_over_is_over_in_the_replay(stand: Stand, play: Play) -> None:
    breaks(stand)
    stand.conductor.run_until(lambda: False, DUE_S - 1)
    looking(stand, 100, lambda: stand.probes["vault"].turn("green"))
    stand.conductor.at(400.0, "say", lambda: play.comes(firing()))
    play.injects.begin(400.0)
    play.run(500.0)
    events = cut(stand.record.events, "page.fired")
    memory = type(stand.record)()
    again = replayed(events, memory)
    again.injects.begin(400.0)
    again.conductor.run_until(lambda: not again.conductor.replaying(), 1000.0)
    assert again.pager.page("p-1").symptom == "[DRILL] look"
    assert any(isinstance(event.body, ProbeChanged | ProbesSampled) for event in events)
