"""The proxy as its clients see it: by its HTTP API and through its listeners, nothing of its insides.

Named in `BLACKSTART_TOXIPROXY`, a real Toxiproxy (the path of a built server, 2.12.0) is asked the same questions:

    BLACKSTART_TOXIPROXY=~/go/bin/server pytest tests/toxics/same_as_toxiproxy

so that the expected answers are Toxiproxy's and not ours. What this project does otherwise on purpose is in
`test_differences.py` and nowhere else.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest

from blackstart.replica.ports import free_ports

GENEROUS = 60.0
"""Seconds after which something that should happen never will."""

REAL = os.environ.get("BLACKSTART_TOXIPROXY", "")

Pair = tuple[socket.socket, socket.socket]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return without_logger(json.loads(self.text))


def without_logger(value: Any) -> Any:
    """Toxiproxy shows an empty `Logger` in every proxy, by mistake; everything else is compared."""
    if isinstance(value, dict):
        return {name: without_logger(one) for name, one in value.items() if name != "Logger"}
    return [without_logger(one) for one in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Subject:
    """The proxy under test."""

    port: int
    real: bool

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One call of the API. `body` is sent as JSON, or as it is when it is text."""
        content = body if isinstance(body, str) or body is None else json.dumps(body)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=GENEROUS)
        try:
            connection.request(method, path, content, headers or {})
            answer = connection.getresponse()
            seen = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, seen, answer.read().decode())
        finally:
            connection.close()

    def create(
        self, name: str, upstream: str, listen: str = "127.0.0.1:0", **more: object
    ) -> tuple[str, int]:
        """Make a proxy and return the address that it listens on."""
        answer = self.ask("POST", "/proxies", {"name": name, "listen": listen, "upstream": upstream, **more})
        assert answer.status == 201, answer.text
        return address(answer.json["listen"])

    def toxic(
        self,
        proxy: str,
        kind: str,
        stream: str = "downstream",
        *,
        name: str = "",
        toxicity: float = 1,
        **attributes: int,
    ) -> str:
        """Add a toxic and return its name."""
        asked: dict[str, object] = {
            "type": kind,
            "stream": stream,
            "toxicity": toxicity,
            "attributes": attributes,
        }
        if name:
            asked["name"] = name
        answer = self.ask("POST", f"/proxies/{proxy}/toxics", asked)
        assert answer.status == 200, answer.text
        return str(answer.json["name"])

    def remove(self, proxy: str, toxic: str) -> None:
        assert self.ask("DELETE", f"/proxies/{proxy}/toxics/{toxic}").status == 204

    def change(self, proxy: str, toxic: str, **attributes: object) -> None:
        answer = self.ask("PATCH", f"/proxies/{proxy}/toxics/{toxic}", {"attributes": attributes})
        assert answer.status == 200, answer.text


def address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def argv(port: int) -> list[str]:
    if REAL:
        return [REAL, "-host", "127.0.0.1", "-port", str(port), "-proxy-metrics"]
    return [sys.executable, "-m", "blackstart.toxics", "--host", "127.0.0.1", "--port", str(port)]


def wait_until_it_answers(subject: Subject, process: subprocess.Popen[bytes]) -> None:
    tick = threading.Event()
    for _ in range(int(GENEROUS / 0.02)):
        assert process.poll() is None, "the proxy ended by itself"
        try:
            subject.ask("GET", "/version")
        except OSError:
            tick.wait(0.02)
        else:
            return
    raise AssertionError("the proxy does not answer")


@pytest.fixture(scope="session")
def server() -> Iterator[Subject]:
    (port,) = free_ports(1)
    with subprocess.Popen(argv(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        subject = Subject(port, bool(REAL))
        try:
            wait_until_it_answers(subject, process)
            yield subject
        finally:
            process.kill()


@pytest.fixture
def proxy(server: Subject) -> Iterator[Subject]:
    """The one server of the session; what a test made in it is gone afterwards."""
    yield server
    for name in server.ask("GET", "/proxies").json:
        assert server.ask("DELETE", f"/proxies/{name}").status == 204


class Upstream:
    """A server whose every connection the test holds in its own hands."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(GENEROUS)
        self._open: list[socket.socket] = []

    @property
    def address(self) -> str:
        return "{}:{}".format(*self._listener.getsockname())

    def dial(self, listen: tuple[str, int]) -> socket.socket:
        """Only the client's end."""
        client = socket.create_connection(listen, timeout=GENEROUS)
        self._open.append(client)
        return client

    def accept(self) -> socket.socket:
        server, _ = self._listener.accept()
        server.settimeout(GENEROUS)
        self._open.append(server)
        return server

    def pair(self, listen: tuple[str, int]) -> Pair:
        """Both ends of one connection through the proxy: the client's, the server's."""
        return self.dial(listen), self.accept()

    def close(self) -> None:
        self._listener.close()
        for one in self._open:
            one.close()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    held = Upstream()
    yield held
    held.close()


@pytest.fixture
def second() -> Iterator[Upstream]:
    held = Upstream()
    yield held
    held.close()


def exactly(end: socket.socket, size: int) -> bytes:
    """So many bytes, or fewer if the other side closes before."""
    parts = bytearray()
    while len(parts) < size and (part := end.recv(size - len(parts))):
        parts += part
    return bytes(parts)


def everything(end: socket.socket) -> bytes:
    """All until the other side closes. A reset raises."""
    parts = bytearray()
    while part := end.recv(65536):
        parts += part
    return bytes(parts)


def ended(end: socket.socket) -> bool:
    """Whether the other side is gone, by a close or a reset, with nothing before it."""
    try:
        return end.recv(1) == b""
    except ConnectionResetError:
        return True


@dataclass(frozen=True)
class Reading:
    exactly: Callable[[socket.socket, int], bytes]
    everything: Callable[[socket.socket], bytes]
    ended: Callable[[socket.socket], bool]


@pytest.fixture
def read() -> Reading:
    return Reading(exactly, everything, ended)
