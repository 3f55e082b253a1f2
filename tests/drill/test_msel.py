"""Injects: by the schedule, when a probe stays red, and when people are left without a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from blackstart.drill.alerting import Alerting
from blackstart.drill.msel import Injects, on_grid
from blackstart.events import FaultEffective, InjectDelivered
from blackstart.people.alerts import Alerts
from blackstart.people.pager import Pager
from blackstart.people.thread import Threads
from blackstart.protocol import Claims, Protocol
from blackstart.scenario import Inject

if TYPE_CHECKING:
    from tests.drill.conftest import Stand

PROTOCOL = Protocol(kind="protocol", title="test", claims=Claims(fixed=["is fixed"], all_clear=["all clear"]))

PAGE = {
    "id": "page",
    "type": "page",
    "when": {"probe": "vault", "red_for": "1m"},
    "from": "alerting",
    "to": "on-call",
    "text": "logins fail",
}
ASKS = {
    "id": "asks",
    "type": "question",
    "at": "6m",
    "from": "payments",
    "to": "#payments",
    "text": "is it us?",
}
SILENT = {
    "id": "silent",
    "type": "question",
    "when": {"silence": "15m"},
    "from": "orders",
    "to": "#orders",
    "text": "any news?",
}


def never() -> bool:
    return False


class Play:
    """A conductor with injects, a pager and threads."""

    def __init__(self, stand: Stand, *injects: Mapping[str, object]) -> None:
        self.stand = stand
        conductor = stand.conductor
        self.threads = Threads(conductor.emit)
        self.pager = Pager(["sme-1"], 300.0, conductor, conductor.emit)
        specs = [Inject.model_validate(inject) for inject in injects]
        self.alerts = Alerts(conductor.emit)
        self.alerting = Alerting(conductor, self.alerts, self.pager)
        self.injects = Injects(specs, conductor, self.pager, self.threads, PROTOCOL, self.alerting)
        conductor.listeners.append(self.injects.on_event)

    def run(self, until_s: float) -> None:
        self.stand.conductor.run_until(never, until_s)

    def at(self, drill_s: float, what: str) -> None:
        self.stand.conductor.at(
            drill_s, what, lambda: self.stand.probes["vault"].turn("green" if what == "green" else "red")
        )

    def say(self, drill_s: float, text: str) -> None:
        def post() -> None:
            self.threads.post("ic-1", "incident", text)

        self.stand.conductor.at(drill_s, "say", post)

    def broken(self, drill_s: float) -> None:
        def effective() -> None:
            self.stand.conductor.emit(FaultEffective("sealed", "vault"), actor="harness", source="harness")

        self.stand.conductor.at(drill_s, "broken", effective)

    @property
    def delivered(self) -> list[tuple[str, float]]:
        events = [e for e in self.stand.record.events if isinstance(e.body, InjectDelivered)]
        return [(e.body.inject, e.drill_s) for e in events if isinstance(e.body, InjectDelivered)]


@pytest.mark.parametrize(
    ("instant", "expected"), [(0.0, 0.0), (0.1, 15.0), (15.0, 15.0), (121.2, 135.0), (135.0000001, 135.0)]
)
def test_conditions_are_judged_on_a_grid(instant: float, expected: float) -> None:
    assert on_grid(instant) == expected


def test_the_schedule_counts_from_the_start_of_the_response(stand: Stand) -> None:
    play = Play(stand, ASKS)
    play.injects.begin(60.0)
    play.run(1000.0)
    assert play.delivered == [("asks", 420.0)]
    assert play.threads.messages("#payments")[0].text == "[DRILL] is it us?"


def test_a_page_waits_until_its_probe_was_red_for_long_enough(stand: Stand) -> None:
    play = Play(stand, PAGE)
    play.at(61.0, "red")
    play.at(62.0, "still red")  # time jumps to here, and the round after the jump sees it
    play.run(600.0)
    assert play.delivered == [("page", 135.0)]


def test_a_probe_that_recovers_in_time_pages_nobody(stand: Stand) -> None:
    play = Play(stand, PAGE)
    play.at(61.0, "red")
    play.at(100.0, "still red")
    play.at(110.0, "green")
    play.at(120.0, "green")
    play.run(600.0)
    assert play.delivered == []


def test_silence_makes_teams_ask_and_ask_again(stand: Stand) -> None:
    play = Play(stand, SILENT)
    play.broken(60.0)
    play.run(60.0 + 3 * 900.0)
    assert [instant for _, instant in play.delivered] == [960.0, 1860.0, 2760.0]


def test_a_word_in_the_thread_restarts_the_silence(stand: Stand) -> None:
    play = Play(stand, SILENT)
    play.broken(60.0)
    play.say(600.0, "still looking")
    play.run(1600.0)
    assert play.delivered == [("silent", 1500.0)]


def test_nobody_asks_once_they_were_told_that_it_is_over(stand: Stand) -> None:
    play = Play(stand, SILENT)
    play.broken(60.0)
    play.say(600.0, "Vault is fixed.")
    play.run(5000.0)
    assert play.delivered == []


def test_silence_before_anything_broke_is_peace(stand: Stand) -> None:
    play = Play(stand, SILENT)
    play.run(5000.0)
    assert play.delivered == []
