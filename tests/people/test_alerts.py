"""Alerts are read from a real pager, put on record once, and known for as long as they fire."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.events import AlertReceived, AlertsUnread, Event
from blackstart.people.alerts import LONGEST, Alerts
from blackstart.record.store import WriteFailed
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.pager import Pager
from blackstart.replica.telling import AlertFeed
from blackstart.replica.waiting import wait_until
from blackstart.testing import History

if TYPE_CHECKING:
    from blackstart.events import Body, Source

LIMIT_S = 60.0


def alert(status: str = "firing", probe: str = "vault", *, began: str = "T1", summary: str = "it is") -> Any:
    """One alert as Alertmanager's webhook has it."""
    return {
        "status": status,
        "labels": {"alertname": "VaultLoginFailing", "probe": probe, "component": "vault"},
        "annotations": {"summary": summary},
        "startsAt": began,
        "fingerprint": f"f-{probe}",
    }


@contextmanager
def serving(server: HTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def pager() -> Iterator[Pager]:
    server = Pager(("127.0.0.1", 0))
    with serving(server):
        yield server


def feed_of(server: HTTPServer) -> AlertFeed:
    return AlertFeed("127.0.0.1", server.server_address[1])


class Reader:
    """Alerts with the record that they are put on."""

    def __init__(self) -> None:
        self.history = History()
        self.alerts = Alerts(self.history.emit)

    def follow(self, feed: AlertFeed) -> None:
        self.alerts.follow(feed)

    def read(self, count: int, kind: type[Body] = AlertReceived) -> list[Any]:
        """The first so many events of that kind, waited for."""
        assert wait_until(lambda: len(self._of(kind)) >= count, LIMIT_S), self.history.events
        return self._of(kind)

    def _of(self, kind: type[Body]) -> list[Any]:
        return [event.body for event in self.history.events if isinstance(event.body, kind)]


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.alerts.close()


def test_what_came_before_and_what_comes_later_is_on_record(pager: Pager, reader: Reader) -> None:
    pager.inbox.take({"alerts": [alert(summary="logins fail\n(503)")]})
    reader.follow(feed_of(pager))
    (first,) = reader.read(1)
    assert (first.alert, first.status, first.probe, first.component) == (
        "VaultLoginFailing",
        "firing",
        "vault",
        "vault",
    )
    assert first.summary.shown == "logins fail (503)"
    assert (first.starts_wall, first.fingerprint) == ("T1", "f-vault")
    pager.inbox.take({"alerts": [alert(probe="dns")]})
    assert reader.read(2)[1].probe == "dns"
    event = reader.history.events[0]
    assert (event.actor, event.source) == ("alertmanager", "page")


def test_an_alert_fires_until_it_is_resolved(pager: Pager, reader: Reader) -> None:
    reader.follow(feed_of(pager))
    assert reader.alerts.firing("vault") is None
    pager.inbox.take({"alerts": [alert()]})
    assert wait_until(lambda: reader.alerts.firing("vault") is not None, LIMIT_S)
    assert reader.alerts.firing("dns") is None
    pager.inbox.take({"alerts": [alert("resolved")]})
    assert wait_until(lambda: reader.alerts.firing("vault") is None, LIMIT_S)


def test_a_repeated_alert_is_no_news_and_one_that_began_anew_is(pager: Pager, reader: Reader) -> None:
    reader.follow(feed_of(pager))
    pager.inbox.take({"alerts": [alert(), alert(), alert("resolved"), alert(began="T2")]})
    reader.read(3)
    pager.inbox.take({"alerts": [alert(began="T2"), alert(probe="dns")]})
    found = reader.read(4)
    assert [(each.probe, each.status, each.starts_wall) for each in found] == [
        ("vault", "firing", "T1"),
        ("vault", "resolved", "T1"),
        ("vault", "firing", "T2"),
        ("dns", "firing", "T1"),
    ]


def test_what_is_on_record_from_before_a_resume_is_believed_and_not_written_again(
    pager: Pager, reader: Reader
) -> None:
    pager.inbox.take({"alerts": [alert()]})
    reader.follow(feed_of(pager))
    reader.read(1)
    after = Reader()
    for event in reader.history.events:
        after.alerts.take(event)
    assert after.alerts.firing("vault") is not None
    pager.inbox.take({"alerts": [alert(probe="dns")]})
    after.follow(feed_of(pager))
    try:
        assert [each.probe for each in after.read(1)] == ["dns"]
    finally:
        after.alerts.close()


def test_a_pager_that_is_away_is_said_once_and_read_again_when_it_is_back(reader: Reader) -> None:
    (port,) = free_ports(1)
    reader.follow(AlertFeed("127.0.0.1", port))
    (unread,) = reader.read(1, AlertsUnread)
    assert (unread.pager, unread.why) == (f"127.0.0.1:{port}", "connection refused")
    back = Pager(("127.0.0.1", port))
    with serving(back):
        back.inbox.take({"alerts": [alert()]})
        assert [each.probe for each in reader.read(1)] == ["vault"]
    reader.read(2, AlertsUnread)
    again = Pager(("127.0.0.1", port))
    with serving(again):  # it counts from 1 again, and was told of the same
        again.inbox.take({"alerts": [alert(), alert(probe="dns")]})
        assert [each.probe for each in reader.read(2)] == ["vault", "dns"]
        reader.alerts.close()


@pytest.mark.parametrize(
    ("status", "document", "why"),
    [
        (404, {"error": "there is no /alerts"}, "it answers 404 Not Found"),
        (200, {"alerts": []}, "it answers 200 OK"),
        (200, [{"seq": 1}], "it answers with what is no alert ('labels')"),
        (200, [1], "it answers with what is no alert ('int' object is not subscriptable)"),
    ],
)
def test_what_is_no_pager_is_said(reader: Reader, status: int, document: Any, why: str) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Other)
    with serving(server):
        reader.follow(feed_of(server))
        assert reader.read(1, AlertsUnread)[0].why == why
        reader.alerts.close()


def test_a_summary_without_end_is_cut(pager: Pager, reader: Reader) -> None:
    reader.follow(feed_of(pager))
    pager.inbox.take({"alerts": [alert(summary="word " * 10_000)]})
    assert len(reader.read(1)[0].summary.shown) == LONGEST


def test_an_alert_that_a_full_disk_refused_is_put_on_record_later(pager: Pager) -> None:
    history = History()
    refused: list[Body] = []

    def emit(body: Body, *, actor: str, source: Source) -> Event:
        if not refused:
            refused.append(body)
            raise WriteFailed("no space left on device")
        return history.emit(body, actor=actor, source=source)

    alerts = Alerts(emit)
    pager.inbox.take({"alerts": [alert()]})
    alerts.follow(feed_of(pager))
    try:
        assert wait_until(lambda: alerts.firing("vault") is not None, LIMIT_S)
        assert len(history.events) == len(refused) == 1
    finally:
        alerts.close()


def test_closing_what_was_never_followed_does_nothing() -> None:
    Alerts(History().emit).close()
