"""The HTTP server, over sockets on which what was sent is there at once: requests in pieces, one after another, and what is none."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.toxics.web import Answer, Request, Server

if TYPE_CHECKING:
    from tests.toxics.conftest import ManualClock

    from blackstart.toxics.loop import Loop

Say = Callable[[bytes], bytes]


@pytest.fixture
def seen() -> list[Request]:
    return []


@pytest.fixture
def client(loop: Loop, seen: list[Request], tmp_path: Path) -> Iterator[socket.socket]:
    def handle(request: Request) -> Answer:
        seen.append(request)
        return Answer(200, b"ok " + request.body, "text/plain")

    sock, made = (socket.socket(socket.AF_UNIX) for _ in range(2))
    sock.bind(str(tmp_path / "server"))
    sock.listen()
    sock.setblocking(False)
    server = Server(loop, sock, handle)
    made.connect(sock.getsockname())
    made.setblocking(False)
    yield made
    made.close()
    server.close()


@pytest.fixture
def say(loop: Loop, client: socket.socket) -> Say:
    def tell(data: bytes) -> bytes:
        """Send, and return what comes back at once; `<closed>` at its end when it was closed."""
        client.send(data)
        return heard(loop, client)

    return tell


def heard(loop: Loop, client: socket.socket) -> bytes:
    got = b""
    for _ in range(4):
        loop.once(0)
        try:
            part = client.recv(1 << 20)
        except BlockingIOError:
            continue
        except ConnectionResetError:
            return got + b"<closed>"
        got += part
        if not part:
            return got + b"<closed>"
    return got


def test_a_request_and_its_answer(say: Say, seen: list[Request]) -> None:
    answer = say(b"POST /a/b?c=d HTTP/1.1\r\nHost: x\r\nContent-LENGTH: 4\r\n\r\nbody")
    assert answer == b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nok body"
    (request,) = seen
    assert (request.method, request.path, request.body) == ("POST", "/a/b", b"body")
    assert request.headers == {"host": "x", "content-length": "4"}


def test_byte_by_byte(loop: Loop, client: socket.socket) -> None:
    for byte in b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi":
        client.send(bytes([byte]))
        loop.once(0)
    assert heard(loop, client).endswith(b"ok hi")


def test_two_at_once_are_answered_in_order(say: Say) -> None:
    one = b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n"
    answer = say(one + b"1" + one + b"2")
    assert answer.index(b"ok 1") < answer.index(b"ok 2")


def test_a_body_in_chunks(say: Say, seen: list[Request]) -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert say(head + b"3\r\nabc\r\n") == b""
    assert say(b"2;x=y\r\nde\r\n0\r\n\r\n").endswith(b"ok abcde")
    assert say(b"GET / HTTP/1.1\r\n\r\n").endswith(b"ok ")


def test_go_on_is_said_once(say: Say) -> None:
    head = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    assert say(head) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert say(b"a") == b""
    assert say(b"bc").endswith(b"ok abc")


@pytest.mark.parametrize(
    "request_line", [b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"]
)
def test_closed_when_the_client_wants_it(say: Say, request_line: bytes) -> None:
    assert say(request_line).endswith(b"ok <closed>")


def test_the_head_alone(say: Say) -> None:
    assert say(b"HEAD / HTTP/1.1\r\n\r\n").endswith(b"Content-Length: 3\r\n\r\n")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/2\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9999999\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", b"400"),
        (b"x" * 70_000, b"431"),
    ],
)
def test_what_is_no_request_is_told_and_closed(
    say: Say, data: bytes, status: bytes, seen: list[Request]
) -> None:
    answer = say(data)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.endswith(b"<closed>")
    assert seen == []


def test_one_that_says_nothing_is_closed(loop: Loop, clock: ManualClock, client: socket.socket) -> None:
    assert heard(loop, client) == b""
    clock.move_to(60_000)
    assert heard(loop, client) == b"<closed>"


def test_one_that_goes_is_forgotten(loop: Loop, client: socket.socket) -> None:
    heard(loop, client)
    client.close()
    for _ in range(3):
        loop.once(0)
    assert loop.next_due() is None
