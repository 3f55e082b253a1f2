"""What the sweep tells a fault proxy, and what it leaves alone. What it does to containers is tried on real ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from blackstart.replica.containers import sweep
from blackstart.replica.containers.sweep import API, Docker, mend


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxies of these tests are threads, which may stand still."""
    monkeypatch.setattr(sweep, "RESET_S", 60.0)


class Fake(Docker):
    """A docker with one container that publishes a port."""

    def __init__(self, port: int) -> None:
        ports = [{"PrivatePort": 8474, "PublicPort": port}, {"PrivatePort": 80, "PublicPort": 1}]
        self.one = {"Id": "1" * 64, "State": "running", "Labels": {"blackstart.drill": "d"}, "Ports": ports}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return [self.one] if path.startswith("/containers/json") else {"Config": self.one}


@contextmanager
def serving(proxies: object) -> Iterator[tuple[int, list[str]]]:
    """An HTTP server that shows these proxies; what is posted to it."""
    posted: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = json.dumps(proxies).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            posted.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *about: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, posted
        server.shutdown()


def test_a_fault_proxy_is_reset(tmp_path: object) -> None:
    with serving({"vault": {"listen": "x", "toxics": [{}]}}) as (port, posted):
        assert mend(Fake(port), "d", str(tmp_path)) == ""
        assert posted == ["/reset"]


@pytest.mark.parametrize("answer", [{}, [], {"users": {"name": "x"}}, "hello"])
def test_what_is_none_is_left_alone(tmp_path: object, answer: object) -> None:
    with serving(answer) as (port, posted):
        assert mend(Fake(port), "d", str(tmp_path)) == ""
        assert posted == []


def test_one_that_does_not_answer_is_said(tmp_path: object) -> None:
    with serving({}) as (port, _):
        pass
    assert f"the fault proxy at port {port} does not answer" in mend(Fake(port), "d", str(tmp_path))


def test_the_oldest_api_is_spoken() -> None:
    assert API == "/v1.41"
