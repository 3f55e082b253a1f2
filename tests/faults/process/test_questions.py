from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from blackstart.faults.process.questions import LATEST, clock, connects, latency, writes
from blackstart.replica.base import Component
from blackstart.testing import FakeReplica


class Answering(HTTPServer):
    """A component that answers every page alike."""

    status = 200
    dated = True


class Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        if self.server.dated:
            self.send_response(self.server.status)
        else:
            self.send_response_only(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class Somewhere(FakeReplica):
    """Its one component is of that kind and answers at that port."""

    def __init__(self, kind: str, port: int, folder: Path) -> None:
        super().__init__(["it"], folder)
        self._it = Component("it", kind, "0", f"127.0.0.1:{port}")

    def components(self) -> Mapping[str, Component]:
        return {"it": self._it}


@pytest.fixture
def server() -> Iterator[Answering]:
    with Answering(("127.0.0.1", 0), Handler) as answering:
        Thread(target=answering.serve_forever, args=(0.01,), daemon=True).start()
        yield answering
        answering.shutdown()


@pytest.fixture
def replica(server: Answering, tmp_path: Path) -> Callable[[str], Somewhere]:
    return lambda kind: Somewhere(kind, server.server_port, tmp_path)


@pytest.mark.parametrize("kind", ["vault", "registry", "workload"])
def test_whatever_answers_can_be_connected_to(replica: Callable[[str], Somewhere], kind: str) -> None:
    probe = connects(replica(kind), "it")
    assert (probe.name, probe.of, probe.subject) == ("it-connects", "component", "it")
    assert probe.read().state == "green"


def test_a_registry_may_want_a_token_first(server: Answering, replica: Callable[[str], Somewhere]) -> None:
    server.status = 401
    assert connects(replica("registry"), "it").read().state == "green"


def test_what_fails_is_told_in_its_own_words(server: Answering, replica: Callable[[str], Somewhere]) -> None:
    server.status = 503
    assert connects(replica("workload"), "it").read().reason == "503 Service Unavailable"


def test_vault_writes_when_it_can_refuse(server: Answering, replica: Callable[[str], Somewhere]) -> None:
    server.status = 403
    assert writes(replica("vault"), "it").read().state == "green"
    server.status = 500
    assert writes(replica("vault"), "it").read().reason == "500 Internal Server Error"


def test_an_answer_may_take_so_long_and_no_longer(replica: Callable[[str], Somewhere]) -> None:
    assert latency(replica("workload"), "it", 3600.0).read().state == "green"
    late = latency(replica("workload"), "it", 0.0).read()
    assert late.state == "red"
    assert late.reason.endswith(" ms, 0 ms are allowed")


def test_one_answer_in_time_does_not_make_it_quick(tmp_path: Path) -> None:
    with Answering(("127.0.0.1", 0), Handler, bind_and_activate=False) as answering:
        answering.server_bind()  # the port is its own, and refuses until it listens
        probe = latency(Somewhere("workload", answering.server_port, tmp_path), "it", 3600.0)
        assert probe.read().reason == "connection refused"
        answering.server_activate()
        Thread(target=answering.serve_forever, args=(0.01,), daemon=True).start()
        seen = [probe.read() for _ in range(LATEST)]
        answering.shutdown()
    assert [each.state for each in seen] == ["red"] * (LATEST - 1) + ["green"]
    assert {each.reason for each in seen[:-1]} == {"connection refused"}


def test_no_time_in_the_answer_is_no_time(server: Answering, replica: Callable[[str], Somewhere]) -> None:
    server.dated = False
    assert clock(replica("workload"), "it", 5.0).read().reason == "the answer has no Date"


def test_a_clock_may_be_off_by_so_much(replica: Callable[[str], Somewhere]) -> None:
    assert clock(replica("workload"), "it", 3600.0).read().state == "green"
    assert re.fullmatch(
        r"its clock is \d+ s (ahead|behind)", clock(replica("workload"), "it", -1.0).read().reason
    )
