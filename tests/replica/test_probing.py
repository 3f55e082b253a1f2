"""What each kind of check sees of a real server, and what it says when it is not content."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.checks import Check, from_label
from blackstart.errors import ReplicaError
from blackstart.platform import Platform
from blackstart.replica import asking, probing
from blackstart.replica.asking import AskingProbe, Refused
from blackstart.replica.base import Completed, Reading
from blackstart.replica.probing import check_probes, question, series

if TYPE_CHECKING:
    from blackstart.replica.layout import Address

METRICS = """\
# HELP jobs Jobs that wait.
# TYPE jobs gauge
jobs{queue="fast",zone="a"} 3
jobs{queue="slow",zone="a\\"b"} 12 1395066363000
jobs_total 5e2
up 1
odd NaN
"""


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of a test is a thread, which a busy machine may let wait for longer than a probe does."""
    monkeypatch.setattr(asking, "TIMEOUT_S", 60.0)


@dataclass
class OneServer:
    """Every component is at one address."""

    at: Address
    ran: Completed = field(default=Completed(0, "PONG\n", ""))
    settings: Mapping[str, str] = field(default_factory=dict)

    def address(self, component: str, port: int | None) -> Address:
        return self.at

    def run(self, component: str, argv: list[str], limit_s: float) -> Completed:
        return self.ran

    def setting(self, component: str, variable: str) -> str:
        return self.settings[variable]


def read(label: str | Check, ground: OneServer) -> Reading:
    check = from_label(label) if isinstance(label, str) else label
    return AskingProbe("it", "component", "it", question(check, "it", ground)).read()


@contextmanager
def listening(serve: Callable[[socket.socket], object]) -> Iterator[Address]:
    """A listener that serves each connection, and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        host, port = server.getsockname()
        yield host, port
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = METRICS.encode() if self.path == "/metrics" else b"all is well"
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


@pytest.fixture(scope="module")
def web() -> Iterator[OneServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield OneServer(("127.0.0.1", server.server_port))
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("label", "state", "reason"),
    [
        ("http /", "green", ""),
        ("http / 200 is well", "green", ""),
        ("http / 200 is ill", "red", "/ does not say 'is ill'"),
        ("http / 204", "red", "200 OK"),
        ("http /broken", "red", "500 Internal Server Error"),
        ("http /broken 500", "green", ""),
        ("tcp", "green", ""),
        ("metric up == 1", "green", ""),
        ("metric jobs < 20", "green", ""),
        ("metric jobs < 10", "red", "jobs is 12, not < 10"),
        ('metric jobs{queue="fast"} < 10', "green", ""),
        ('metric jobs{queue="none"} < 10', "red", "there is no jobs with these labels"),
        ("metric jobs_total >= 500", "green", ""),
        ("metric odd >= 0", "red", "odd is nan, not >= 0"),
        ("metric /broken up > 0", "red", "500 Internal Server Error"),
    ],
)
def test_a_page(web: OneServer, label: str, state: str, reason: str) -> None:
    seen = read(label, web)
    assert (seen.state, seen.reason) == (state, reason)


@pytest.mark.parametrize("label", ["http /", "tcp", "metric up > 0", "dns a.test", "sql a@b X select 1"])
def test_where_nobody_listens(label: str) -> None:
    with socket.socket() as held:  # bound, so that nobody else comes to listen there
        held.bind(("127.0.0.1", 0))
        seen = read(label, OneServer(held.getsockname(), settings={"X": "secret"}))
    assert (seen.state, seen.reason) == ("red", "connection refused")


def test_a_connection_that_is_closed_at_once_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "CLOSED_AT_ONCE_S", 60.0)
    with listening(lambda connection: None) as at:
        assert read("tcp", OneServer(at)).reason == "closed at once"


@pytest.mark.parametrize(
    ("label", "ran", "state", "reason"),
    [
        ("exec redis-cli ping", Completed(0, "PONG", ""), "green", ""),
        ("exec a b", Completed(3, "", "first\nno such thing\n"), "red", "a exits with 3 no such thing"),
        ("exec a b", Completed(1, "", ""), "red", "a exits with 1"),
    ],
)
def test_a_command(label: str, ran: Completed, state: str, reason: str) -> None:
    seen = read(label, OneServer(("", 0), ran))
    assert (seen.state, seen.reason) == (state, reason)


def test_what_a_command_prints() -> None:
    check = Check.model_validate({"exec": {"argv": ["redis-cli", "ping"], "contains": "PONG"}})
    assert read(check, OneServer(("", 0), Completed(0, "PONG\n", ""))).state == "green"
    assert (
        read(check, OneServer(("", 0), Completed(0, "LOADING\n", ""))).reason
        == "redis-cli does not say 'PONG'"
    )


def message(kind: bytes, body: bytes) -> bytes:
    """One message of PostgreSQL's protocol (its documentation, "Message Formats")."""
    return kind + (len(body) + 4).to_bytes(4, "big") + body


READY = message(b"Z", b"I")
ROW = (
    message(b"T", b"\0\1one\0" + bytes(6) + b"\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0")
    + message(b"D", b"\0\1\0\0\0\x0242")
    + message(b"C", b"SELECT 1\0")
)
NO_TABLE = message(b"E", b'SERROR\0VERROR\0C42P01\0Mrelation "orders" does not exist\0\0')


def postgres(answer: bytes) -> Callable[[socket.socket], object]:
    """As much of a server as one query needs: no TLS, no password."""

    def serve(connection: socket.socket) -> None:
        connection.recv(8)
        connection.sendall(b"N")
        connection.recv(1000)
        connection.sendall(message(b"R", bytes(4)) + READY)
        connection.recv(1000)
        connection.sendall(answer + READY if answer else b"")
        connection.recv(1000)

    return serve


def query(expect: str | None = None) -> Check:
    return Check.model_validate({"sql": {"user": "shop", "database": "shop", "expect": expect}})


@pytest.mark.parametrize(
    ("answer", "expect", "state", "reason"),
    [
        (ROW, None, "green", ""),
        (ROW, "42", "green", ""),
        (ROW, "43", "red", "saw '42', expected '43'"),
        (NO_TABLE, None, "red", 'ERROR: relation "orders" does not exist'),
    ],
)
def test_a_query(answer: bytes, expect: str | None, state: str, reason: str) -> None:
    with listening(postgres(answer)) as at:
        seen = read(query(expect), OneServer(at))
    assert (seen.state, seen.reason) == (state, reason)


def test_a_query_that_is_never_answered_has_its_limit() -> None:
    with listening(postgres(b"")) as at:
        with pytest.raises(TimeoutError):
            question(query(), "it", OneServer(at))(0.2)


def test_a_login_that_is_never_answered_has_its_limit() -> None:
    with listening(lambda connection: connection.recv(8) and connection.recv(8)) as at:
        with pytest.raises(TimeoutError):
            question(query(), "it", OneServer(at))(0.2)


def test_labels_of_a_series_are_unescaped() -> None:
    assert list(series(METRICS, "jobs", {"zone": 'a"b'})) == [12]


def test_a_value_that_is_no_number() -> None:
    with pytest.raises(Refused, match="up is no number: yes"):
        list(series("up yes", "up", {}))


# --- which probes there are -----------------------------------------------------------------------


def platform(**components: Any) -> Platform:
    return Platform.model_validate(
        {
            "kind": "platform",
            "components": components or {"db": {"owner": "data", "probes": ["db-answers"]}},
            "capabilities": {
                "order": {
                    "needs": [],
                    "probes": ["order"],
                    "checks": {"order": {"at": next(iter(components or ["db"])), "tcp": {}}},
                }
            },
            "teams": {},
        }
    )


def probes(
    whole: Platform, labels: Mapping[str, Mapping[str, Check]] | None = None, **drilled: bool
) -> list[tuple[str, str, str]]:
    ground = OneServer(("127.0.0.1", 1))
    found = check_probes(whole, labels or {}, drilled or {"db": True}, ground)
    return [(probe.name, probe.of, probe.subject) for probe in found]


TCP = from_label("tcp")


def test_a_component_without_a_check_is_connected_to() -> None:
    """Under the name that the map gives its probe, if it gives one."""
    order = ("order", "capability", "order")
    assert probes(platform()) == [("db-answers", "component", "db"), order]
    cache = {"owner": "a"}
    assert probes(platform(cache=cache), cache=True) == [("cache", "component", "cache"), order]
    assert probes(platform(cache=cache), cache=False) == [order]


def test_a_component_that_is_no_service() -> None:
    with pytest.raises(ReplicaError, match="has the component db, and no service") as refused:
        probes(platform(), cache=True)
    assert refused.value.hint == "label its service blackstart.component: db; there are: cache"


def test_a_label_s_checks_come_after_those_that_the_map_names() -> None:
    labels = {"db": {"db-extra": TCP, "db-answers": TCP}}
    assert [name for name, _, _ in probes(platform(), labels)] == ["db-answers", "db-extra", "order"]


def test_a_probe_that_nobody_says_how_to_ask() -> None:
    whole = platform(db={"owner": "data", "probes": ["one", "two"], "checks": {"two": {"tcp": {}}}})
    with pytest.raises(ReplicaError, match="nobody knows how the probe one of db asks") as refused:
        probes(whole)
    assert "blackstart.probe.one" in refused.value.hint


def test_a_check_that_stands_twice() -> None:
    with pytest.raises(ReplicaError, match="the probe order stands twice: as a label of db"):
        probes(platform(), {"db": {"order": TCP}})
