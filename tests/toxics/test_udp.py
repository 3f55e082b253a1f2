"""A UDP proxy on real sockets; its clock is moved by hand and its loop is turned by the test."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blackstart.toxics import udp
from blackstart.toxics.addresses import Networks, split
from blackstart.toxics.effects import noop
from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.loop import MS, Loop
from blackstart.toxics.model import Change, Toxic
from blackstart.toxics.proxy import Proxy, Settings
from blackstart.toxics.udp import IDLE_S, UdpListener
from blackstart.toxics.udp_toxics import TYPES

GENEROUS = 20.0
BY_NAME = {one.name: one for one in (noop.TYPE, *TYPES)}


def toxic(
    kind: str, stream: str = "downstream", clients: tuple[str, ...] = (), **attributes: object
) -> Toxic:
    return Toxic(BY_NAME[kind], kind, stream, 1, BY_NAME[kind].read(attributes), Networks(clients))


class Bench:
    """A proxy, its upstream, and a loop that turns when the test waits for something."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.loop = Loop(lambda: self.now_ms * MS)
        self.open: list[socket.socket] = []
        self.upstream = self.end()
        self.upstream.bind(("127.0.0.1", 0))
        self.proxy = Proxy(
            Settings(self.loop),
            "dns-udp",
            "127.0.0.1:0",
            "{}:{}".format(*self.upstream.getsockname()),
            "udp",
            listener=UdpListener,
        )

    def end(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setblocking(False)
        self.open.append(made)
        return made

    def client(self, host: str = "127.0.0.1") -> socket.socket:
        made = self.end()
        made.bind((host, 0))
        made.connect(split(self.proxy.listen))
        return made

    def until(self, what: Callable[[], Any]) -> Any:
        """Turn the loop until the call gives something."""
        for _ in range(int(GENEROUS / 0.01)):
            try:
                return what()
            except BlockingIOError:
                self.loop.once(0.01)
        raise AssertionError("it never came")

    def at_server(self) -> tuple[bytes, Any]:
        found: tuple[bytes, Any] = self.until(lambda: self.upstream.recvfrom(65_535))
        return found

    def at(self, client: socket.socket) -> bytes:
        found: bytes = self.until(lambda: client.recv(65_535))
        return found

    def trip(self, client: socket.socket, data: bytes = b"?") -> Any:
        """One datagram there and the same back; whom the server saw."""
        client.send(data)
        seen, whom = self.at_server()
        assert seen == data
        self.upstream.sendto(data, whom)
        assert self.at(client) == data
        return whom

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
    made.proxy.start()
    yield made
    made.close()


def test_a_moment_without_descriptors_loses_datagrams_and_nothing_else(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = bench.client()
    with monkeypatch.context() as poor:
        poor.setattr("resource.getrlimit", lambda what: (4, 4))
        client.send(b"lost")
        bench.until(lambda: received(bench, 4))
    bench.trip(client)


@pytest.mark.parametrize("size", [0, 1, 512, 4_096, 60_000])
def test_datagrams_go_there_and_back_whole(bench: Bench, size: int) -> None:
    bench.trip(bench.client(), bytes(size))


def test_each_client_has_a_socket_of_its_own_and_keeps_it(bench: Bench) -> None:
    first, second = bench.client(), bench.client()
    whom = bench.trip(first)
    assert bench.trip(second) != whom
    assert bench.trip(first) == whom
    assert (bench.proxy.traffic.open, bench.proxy.traffic.total) == (2, 2)


def test_bytes_are_counted_as_they_pass(bench: Bench) -> None:
    bench.trip(bench.client(), b"12345")
    traffic = bench.proxy.traffic
    assert (traffic.upstream.received, traffic.upstream.sent) == (5, 5)
    assert (traffic.downstream.received, traffic.downstream.sent) == (5, 5)


def test_dropped_bytes_were_received_but_not_sent(bench: Bench) -> None:
    bench.proxy.add(toxic("drop", "upstream"))
    bench.client().send(b"gone")
    bench.until(lambda: received(bench, 4))
    assert bench.proxy.traffic.upstream.sent == 0


def received(bench: Bench, size: int) -> bool:
    if bench.proxy.traffic.upstream.received < size:
        raise BlockingIOError
    return True


def test_down_is_refused_by_the_system_and_up_again_serves(bench: Bench) -> None:
    client = bench.client()
    bench.trip(client)
    bench.proxy.stop()
    client.send(b"?")
    with pytest.raises(ConnectionRefusedError):
        bench.at(client)
    assert bench.proxy.traffic.open == 0
    bench.proxy.start()
    bench.trip(client)


def test_an_address_in_use_is_refused(bench: Bench) -> None:
    other = Proxy(bench.proxy.settings, "two", bench.proxy.listen, "127.0.0.1:1", "udp", listener=UdpListener)
    with pytest.raises(ProxyRefused) as refused:
        other.start()
    assert (refused.value.status, refused.value.message) == (
        500,
        f"listen udp {bench.proxy.listen}: address already in use",
    )


def test_tcp_on_the_same_port_is_no_hindrance(bench: Bench) -> None:
    """As DNS has it. Somebody else may have the port for UDP: then another one."""
    for _ in range(20):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with contextlib.suppress(ProxyRefused):
                bench.proxy.move(f"127.0.0.1:{port}", bench.proxy.upstream)
                break
    assert bench.proxy.listen == f"127.0.0.1:{port}"
    bench.trip(bench.client())


def test_a_silent_client_is_forgotten_and_met_anew(bench: Bench) -> None:
    silent, busy = bench.client(), bench.client()
    bench.trip(silent)
    before = bench.trip(busy)
    bench.advance_ms(IDLE_S * 1_000 - 1)
    assert bench.trip(busy) == before
    bench.advance_ms(1)
    assert bench.proxy.traffic.open == 1
    bench.advance_ms(IDLE_S * 1_000 - 2)
    assert bench.proxy.traffic.open == 1
    bench.advance_ms(1)
    assert bench.proxy.traffic.open == 0
    bench.trip(silent)
    assert (bench.proxy.traffic.open, bench.proxy.traffic.total) == (1, 3)


def test_too_many_clients_and_the_one_silent_for_longest_goes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "MOST_CLIENTS", 2)
    clients = [bench.client() for _ in range(3)]
    first = bench.trip(clients[0])
    second = bench.trip(clients[1])
    assert bench.trip(clients[0]) == first
    bench.trip(clients[2])
    assert bench.proxy.traffic.open == 2
    assert bench.trip(clients[0]) == first
    assert bench.trip(clients[1]) != second


def test_toxics_of_a_stream_leave_the_other_alone(bench: Bench) -> None:
    client = bench.client()
    bench.proxy.add(toxic("duplicate", "downstream"))
    client.send(b"?")
    _, whom = bench.at_server()
    bench.upstream.sendto(b"!", whom)
    assert [bench.at(client), bench.at(client)] == [b"!", b"!"]
    bench.upstream.sendto(b".", whom)
    assert [bench.at(client), bench.at(client)] == [b".", b"."]
    with pytest.raises(BlockingIOError):
        bench.upstream.recv(1)


def test_a_toxic_for_one_client_address(bench: Bench) -> None:
    bench.proxy.add(toxic("duplicate", "downstream", clients=("127.0.1.12", "127.0.2.0/24")))
    for host, times in (("127.0.1.12", 2), ("127.0.2.9", 2), ("127.0.1.11", 1)):
        client = bench.client(host)
        client.send(b"?")
        _, whom = bench.at_server()
        bench.upstream.sendto(b"!", whom)
        assert [bench.at(client) for _ in range(times)] == [b"!"] * times
        with pytest.raises(BlockingIOError):
            client.recv(1)


def test_a_delayed_answer_outlives_its_client_s_socket(bench: Bench) -> None:
    slow = toxic("delay", delay=IDLE_S * 2_000)
    bench.proxy.add(slow)
    client = bench.client()
    client.send(b"?")
    _, whom = bench.at_server()
    bench.upstream.sendto(b"late", whom)
    bench.until(lambda: waiting_below(bench))
    bench.advance_ms(IDLE_S * 1_000)
    assert bench.proxy.traffic.open == 0
    bench.advance_ms(IDLE_S * 1_000)
    assert bench.at(client) == b"late"


def waiting_below(bench: Bench) -> bool:
    if not bench.proxy.traffic.downstream.received:
        raise BlockingIOError
    return True


def test_removal_and_update_move_what_waits(bench: Bench) -> None:
    slow = toxic("delay", "upstream", delay=1_000)
    bench.proxy.add(slow)
    client = bench.client()
    client.send(b"one")
    bench.until(lambda: received(bench, 3))
    bench.proxy.change(slow, Change(slow.type.read({"delay": 5}), 1, Networks(()), 0))
    bench.advance_ms(5)
    assert bench.at_server()[0] == b"one"
    bench.proxy.change(slow, Change(slow.type.read({"delay": 1_000}), 1, Networks(()), 0))
    client.send(b"two")
    bench.until(lambda: received(bench, 6))
    bench.proxy.remove(slow)
    assert bench.at_server()[0] == b"two"


def test_another_upstream_from_the_next_datagram_on(bench: Bench) -> None:
    client = bench.client()
    bench.trip(client)
    old = bench.upstream
    bench.upstream = bench.end()
    bench.upstream.bind(("127.0.0.1", 0))
    bench.proxy.move(bench.proxy.listen, "{}:{}".format(*bench.upstream.getsockname()))
    bench.trip(client)
    with pytest.raises(BlockingIOError):
        old.recv(1)


def test_a_dead_upstream_is_silence_and_is_counted_and_can_come_back(bench: Bench) -> None:
    client = bench.client()
    bench.trip(client)
    address = bench.upstream.getsockname()
    bench.upstream.close()
    client.send(b"?")
    bench.until(lambda: failed(bench))
    bench.upstream = bench.end()
    bench.upstream.bind(address)
    bench.trip(client)


def failed(bench: Bench) -> bool:
    if not bench.proxy.traffic.failed:
        raise BlockingIOError
    return True


def test_an_upstream_by_name_is_looked_up(bench: Bench) -> None:
    _, port = split(bench.proxy.upstream)
    bench.proxy.move(bench.proxy.listen, f"localhost:{port}")
    bench.trip(bench.client())


def test_an_upstream_that_has_no_address_is_counted_and_the_client_forgotten(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*asked: object) -> None:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(udp, "resolve", unknown)
    bench.proxy.move(bench.proxy.listen, "no-such-host:53")
    bench.client().send(b"?")
    bench.until(lambda: failed(bench))
    assert bench.proxy.traffic.open == 0


def test_a_time_to_live_ends_a_toxic(bench: Bench) -> None:
    lost = toxic("drop", "upstream")
    lost.ttl_ms = 1_000
    bench.proxy.add(lost)
    bench.advance_ms(999)
    assert bench.proxy.toxics == [lost]
    bench.advance_ms(1)
    assert bench.proxy.toxics == []
    bench.trip(bench.client())
