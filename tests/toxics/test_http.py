"""HTTP proxies on real sockets; the clock is moved by hand and the loop is turned by the test."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blackstart.toxics.addresses import split
from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.http import HttpListener
from blackstart.toxics.loop import MS, Loop
from blackstart.toxics.model import Toxic, read_change, read_toxic
from blackstart.toxics.proxy import Proxy, Settings
from blackstart.toxics.types import TYPES

GENEROUS = 20.0

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NO = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


class Bench:
    """A proxy, its upstream, and a loop that turns when the test waits for something."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.loop = Loop(lambda: self.now_ms * MS)
        self.upstream = socket.create_server(("127.0.0.1", 0))
        self.upstream.setblocking(False)
        self.open = [self.upstream]
        address = "{}:{}".format(*self.upstream.getsockname())
        self.proxy = Proxy(Settings(self.loop), "web", "127.0.0.1:0", address, "http", listener=HttpListener)
        self.proxy.start()

    def pair(self, host: str = "127.0.0.1") -> tuple[socket.socket, socket.socket]:
        """Both ends of one more connection: the client's, the server's."""
        client = socket.create_connection(split(self.proxy.listen), source_address=(host, 0))
        client.setblocking(False)
        server: socket.socket = self.until(lambda: self.upstream.accept()[0])
        server.setblocking(False)
        self.open += [client, server]
        return client, server

    def until(self, what: Callable[[], Any]) -> Any:
        """Turn the loop until the call gives something."""
        for _ in range(int(GENEROUS / 0.01)):
            try:
                return what()
            except BlockingIOError:
                self.loop.once(0.01)
        raise AssertionError("it never came")

    def read(self, end: socket.socket, size: int) -> bytes:
        """So many bytes, or fewer if the other side closes before."""
        data = bytearray()

        def more() -> bytes:
            return end.recv(size - len(data))

        while len(data) < size and (part := self.until(more)):
            data.extend(part)
        return bytes(data)

    def take(self, client: socket.socket, request: bytes) -> None:
        """Send a request; the proxy has it when this returns."""
        whole = self.proxy.traffic.upstream.received + len(request)
        client.sendall(request)

        def taken() -> None:
            if self.proxy.traffic.upstream.received < whole:
                raise BlockingIOError

        self.until(taken)

    def turn(self) -> None:
        """Let the proxy do what it can with what has come."""
        for _ in range(5):
            self.loop.once(0.01)

    def toxic(self, stream: str = "downstream", **asked: object) -> Toxic:
        asked.setdefault("type", "http_status")
        made = read_toxic({"stream": stream, **asked}, "http", TYPES)
        self.proxy.add(made)
        return made

    def served(self, client: socket.socket, server: socket.socket, request: bytes) -> bytes:
        """Send a request that the server hears and answers; the answer that the client gets."""
        client.sendall(request)
        assert self.read(server, len(request)) == request
        server.sendall(OK)
        return self.read(client, len(OK))

    def refused(self, client: socket.socket, request: bytes, size: int = len(NO)) -> bytes:
        """Send a request that the server does not hear; the answer that the client gets."""
        client.sendall(request)
        return self.read(client, size)

    def advance_ms(self, long: int) -> None:
        self.now_ms += long
        self.loop.run_due()

    def close(self) -> None:
        self.proxy.close()
        for one in self.open:
            one.close()
        self.loop.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def get(path: str = "/", fields: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode()


def test_without_toxics_it_is_a_tcp_proxy_for_any_bytes(bench: Bench) -> None:
    client, server = bench.pair()
    client.sendall(b"no http")
    assert bench.read(server, 7) == b"no http"
    server.sendall(b"at all")
    assert bench.read(client, 6) == b"at all"


def test_a_new_connection_is_answered_here(bench: Bench) -> None:
    bench.toxic()
    client, server = bench.pair()
    assert bench.refused(client, get()) == NO
    with pytest.raises(BlockingIOError):
        server.recv(1)


def test_a_live_connection_from_its_next_request_on_and_back(bench: Bench) -> None:
    client, server = bench.pair()
    assert bench.served(client, server, get()) == OK
    refusing = bench.toxic()
    assert bench.refused(client, get()) == NO
    assert bench.refused(client, get()) == NO
    bench.proxy.remove(refusing)
    assert bench.served(client, server, get()) == OK


def test_a_request_under_way_is_let_be(bench: Bench) -> None:
    client, server = bench.pair()
    client.sendall(get())
    bench.read(server, len(get()))
    bench.toxic()
    server.sendall(OK)
    assert bench.read(client, len(OK)) == OK
    assert bench.refused(client, get()) == NO


def test_only_what_matches(bench: Bench) -> None:
    bench.toxic(attributes={"method": "PUT", "path": "/v2/.*/manifests/.*"})
    client, server = bench.pair()
    assert bench.served(client, server, get("/v2/app/manifests/1")) == OK
    put = b"PUT /v2/app/manifests/1?x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    assert bench.refused(client, put) == NO
    assert bench.served(client, server, get()) == OK


def test_every_third_over_all_connections(bench: Bench) -> None:
    bench.toxic(attributes={"every": 3, "path": "/a"})
    pairs = [bench.pair(), bench.pair()]
    seen = []
    for number in range(7):
        client, server = pairs[number % 2]
        bench.served(client, server, get("/other"))
        seen.append(
            bench.refused(client, get("/a")) if number in (2, 5) else bench.served(client, server, get("/a"))
        )
    assert seen == [OK, OK, NO, OK, OK, NO, OK]


def test_an_answer_after_a_while(bench: Bench) -> None:
    bench.toxic(attributes={"delay": 100})
    client, _ = bench.pair()
    bench.take(client, get())
    bench.advance_ms(99)
    bench.turn()
    with pytest.raises(BlockingIOError):
        client.recv(1)
    bench.advance_ms(1)
    assert bench.read(client, len(NO)) == NO


def test_a_request_that_goes_on_after_a_while(bench: Bench) -> None:
    slow = bench.toxic(attributes={"delay": 100, "forward": True})
    bench.toxic(name="two", attributes={"delay": 50, "forward": True})
    client, server = bench.pair()
    bench.take(client, get())
    bench.advance_ms(149)
    bench.turn()
    with pytest.raises(BlockingIOError):
        server.recv(1)
    bench.proxy.remove(slow)
    assert bench.read(server, len(get())) == get()


def test_a_shorter_delay_holds_for_what_waits(bench: Bench) -> None:
    slow = bench.toxic(attributes={"delay": 86_400_000, "forward": True})
    client, server = bench.pair()
    bench.take(client, get())
    bench.proxy.change(slow, read_change({"attributes": {"delay": 0}}, slow))
    assert bench.read(server, len(get())) == get()


def test_the_first_toxic_that_answers_decides(bench: Bench) -> None:
    bench.toxic(name="a", attributes={"path": "/a", "status": 404})
    bench.toxic(name="b")
    client, _ = bench.pair()
    not_found = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    assert bench.refused(client, get("/a"), len(not_found)) == not_found
    assert bench.refused(client, get("/b")) == NO


def test_for_one_client_only(bench: Bench) -> None:
    bench.toxic(clients=["127.0.1.11"])
    one, _ = bench.pair("127.0.1.11")
    other, server = bench.pair("127.0.1.12")
    assert bench.refused(one, get()) == NO
    assert bench.served(other, server, get()) == OK


def test_toxicity_is_rolled_for_each_request(bench: Bench) -> None:
    bench.toxic(toxicity=0.5, attributes={"body": "x"})
    client, server = bench.pair()
    seen = set()
    for _ in range(60):
        client.sendall(get())
        seen.add(answered_by(bench, client, server))
    assert seen == {"server", "proxy"}


def answered_by(bench: Bench, client: socket.socket, server: socket.socket) -> str:
    """Who answered the one request that was sent."""

    def heard() -> str:
        try:
            server.recv(1_000)
        except BlockingIOError:
            client.recv(1_000)
            return "proxy"
        server.sendall(OK)
        bench.read(client, len(OK))
        return "server"

    return str(bench.until(heard))


def test_toxics_of_tcp_act_on_our_answers_too(bench: Bench) -> None:
    bench.toxic()
    bench.toxic(type="latency", attributes={"latency": 100})
    client, _ = bench.pair()
    bench.take(client, get())
    bench.advance_ms(99)
    bench.turn()
    with pytest.raises(BlockingIOError):
        client.recv(1)
    bench.advance_ms(1)
    assert bench.read(client, len(NO)) == NO


def test_a_client_that_asks_for_the_close_gets_it_after_the_answer(bench: Bench) -> None:
    bench.toxic()
    client, server = bench.pair()
    answer = bench.refused(client, get(fields="Connection: close\r\n"), size=10_000)
    assert answer == NO[:-2] + b"Connection: close\r\n\r\n"
    client.close()
    assert bench.read(server, 1) == b""


def test_a_large_upload_that_is_refused_is_answered_before_its_end(bench: Bench) -> None:
    bench.toxic()
    client, _ = bench.pair()
    client.sendall(b"PUT / HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n")
    answer = bytearray()

    def push() -> bool:
        try:
            answer.extend(client.recv(1_000))
        except BlockingIOError:
            client.send(bytes(65_536))
            raise
        return True

    bench.until(push)
    assert bytes(answer) == NO[:-2] + b"Connection: close\r\n\r\n"


def test_down_closes_and_up_again_answers(bench: Bench) -> None:
    bench.toxic(attributes={"delay": 1_000})
    client, server = bench.pair()
    bench.take(client, get())
    bench.proxy.stop()
    assert (bench.read(client, 1), bench.read(server, 1)) == (b"", b"")
    bench.advance_ms(2_000)
    bench.proxy.start()
    client, _ = bench.pair()
    bench.take(client, get())
    bench.advance_ms(1_000)
    assert bench.read(client, len(NO)) == NO


def test_its_time_to_live_heals_what_waits(bench: Bench) -> None:
    bench.toxic(ttl_ms=500, attributes={"delay": 1_000, "forward": True})
    client, server = bench.pair()
    bench.take(client, get())
    bench.advance_ms(500)
    assert bench.proxy.toxics == []
    assert bench.read(server, len(get())) == get()


def test_bytes_of_refused_requests_are_counted_as_received_only(bench: Bench) -> None:
    bench.toxic()
    client, _ = bench.pair()
    bench.refused(client, get())
    traffic = bench.proxy.traffic
    assert (traffic.upstream.received, traffic.upstream.sent) == (len(get()), 0)


@pytest.mark.parametrize(
    ("asked", "status", "text"),
    [
        ({"protocol": "tcp"}, 400, "invalid toxic type: http_status is none of a tcp proxy"),
        ({"stream": "upstream"}, 400, "http_status acts downstream only"),
        ({"attributes": {"path": "("}}, 400, "regular expression"),
        ({"attributes": {"status": 42}}, 400, "status must be from 200 to 599"),
    ],
)
def test_what_is_refused(asked: dict[str, Any], status: int, text: str) -> None:
    protocol = asked.pop("protocol", "http")
    with pytest.raises(ProxyRefused) as refused:
        read_toxic({"type": "http_status", **asked}, protocol, TYPES)
    assert refused.value.status == status
    assert text in refused.value.message


def test_no_byte_is_lost_while_toxics_come_and_go(bench: Bench) -> None:
    """Uploads and downloads of a megabyte, and a toxic for another path that is put on and off all the time."""
    client, server = bench.pair()
    body = bytes(range(251)) * 4_000
    put = b"PUT / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    toggled: list[Toxic] = []
    for _ in range(3):
        assert carry(bench, client, server, put, toggled) == put
        assert carry(bench, server, client, answer, toggled) == answer
    if not toggled:
        toggle(bench, toggled)
    assert bench.refused(client, get("/never")) == NO  # the connection is still understood


def carry(
    bench: Bench, source: socket.socket, sink: socket.socket, data: bytes, toggled: list[Toxic]
) -> bytes:
    """Push the bytes through, a little at a time, with a toxic more or less at each turn."""
    got, sent = bytearray(), 0

    def some() -> bool:
        nonlocal sent
        with contextlib.suppress(BlockingIOError):
            sent += source.send(data[sent : sent + 50_000])
        with contextlib.suppress(BlockingIOError):
            got.extend(sink.recv(50_000))
        toggle(bench, toggled)
        if len(got) < len(data):
            raise BlockingIOError
        return True

    bench.until(some)
    return bytes(got)


def toggle(bench: Bench, toggled: list[Toxic]) -> None:
    if toggled:
        bench.proxy.remove(toggled.pop())
    else:
        toggled.append(bench.toxic(name="never", attributes={"path": "/never"}))
