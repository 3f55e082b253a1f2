"""A connection as a whole: whom a toxic acts on, how it ends, and the stage that may sit in it."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.toxics.connection import close_gently, close_with_reset

if TYPE_CHECKING:
    from tests.toxics.conftest import Wire

    from blackstart.toxics.link import Link


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname(), timeout=20)
        far, _ = server.accept()
    far.settimeout(20)
    return near, far


def test_a_toxic_of_other_clients_leaves_it_alone(wire: Wire) -> None:
    wire.add("timeout", timeout=0, clients=["127.0.1.12"])
    assert wire.connection.down.direct
    wire.add("timeout", timeout=0, clients=["127.0.1.0/24"], name="mine")
    assert not wire.connection.down.direct


def test_toxicity_is_decided_once_for_the_whole_connection(wires: Callable[[], Wire]) -> None:
    hit = 0
    for number in range(40):
        wire = wires()
        wire.connection.number = number
        toxic = wire.add("latency", toxicity=0.5, latency=1)
        for _ in range(3):
            wire.change(toxic, latency=2)
        hit += wire.connection.down.affected_by(toxic)
        wire.close()
        wire.loop.close()
    assert 10 <= hit <= 30


def test_the_seed_decides_whom(wires: Callable[[], Wire]) -> None:
    def hits(seed: str) -> list[bool]:
        found = []
        for number in range(30):
            wire = wires()
            wire.proxy.settings.seed = seed
            wire.connection.number = number
            found.append(wire.connection.down.affected_by(wire.add("noop", toxicity=0.5)))
            wire.close()
            wire.loop.close()
        return found

    assert hits("a") == hits("a")
    assert hits("a") != hits("b")


def test_a_new_toxicity_is_decided_anew_and_bytes_go_on(wire: Wire) -> None:
    toxic = wire.add("latency", latency=3_600_000)
    wire.server.send(b"held")
    wire.turn()
    toxic.toxicity = 0
    wire.connection.admit(toxic)
    wire.turn()
    assert wire.read(wire.client) == b"held"
    assert wire.connection.down.direct


def test_a_toxic_of_another_layer_is_passed_over(wire: Wire) -> None:
    wire.add("http_status")
    assert wire.connection.down.direct


def test_close_is_an_end_on_both_sides(wire: Wire) -> None:
    wire.connection.close()
    wire.connection.close()
    assert wire.read(wire.client) == b""
    assert wire.read(wire.server) == b""
    assert wire.ended == [wire.connection]


def test_closed_by_a_toxic_after_its_bytes_arrived(wire: Wire) -> None:
    wire.add("limit_data", bytes=3)
    wire.server.send(b"abcdef")
    wire.turn()
    assert wire.connection.closed
    assert wire.read(wire.client) == b"abc"
    assert wire.read(wire.server) == b""


def test_no_timer_outlives_it(wire: Wire) -> None:
    wire.add("latency", latency=1_000)
    wire.server.send(b"x")
    wire.turn()
    assert wire.loop.next_due() is not None
    wire.connection.close()
    assert wire.loop.next_due() is None


def test_a_gentle_close_lets_everything_arrive_though_bytes_were_unread() -> None:
    near, far = tcp_pair()
    far.sendall(b"never read")
    near.sendall(b"arrives")
    near.setblocking(False)
    close_gently(near)
    assert far.recv(100) == b"arrives"
    assert far.recv(100) == b""
    far.close()


def test_a_reset_is_one() -> None:
    near, far = tcp_pair()
    close_with_reset(near)
    with pytest.raises(ConnectionResetError):
        far.recv(1)
    far.close()


class Upper:
    """A stage that hands on what the client says in capitals, and answers for the server when asked to."""

    def __init__(self) -> None:
        self.ends: list[str] = []
        self.over = False

    def came(self, link: Link, data: Any) -> None:
        if link.stream == "upstream" and data == b"ping":
            link._connection.down.feed(b"pong")
        else:
            link.feed(bytes(data).upper())

    def ended(self, link: Link) -> None:
        self.ends.append(link.stream)
        link.end()

    def closed(self) -> None:
        self.over = True


def test_a_stage_sees_everything_and_may_answer_itself(wire: Wire) -> None:
    stage = Upper()
    wire.connection.stage = stage
    wire.client.send(b"hello")
    wire.turn()
    assert wire.read(wire.server) == b"HELLO"
    wire.client.send(b"ping")
    wire.turn()
    assert wire.read(wire.server) is None
    assert wire.read(wire.client) == b"pong"
    wire.client.shutdown(socket.SHUT_WR)
    wire.server.shutdown(socket.SHUT_WR)
    wire.turn()
    assert stage.ends == ["upstream", "downstream"]
    assert stage.over


def test_what_a_stage_feeds_meets_the_toxics(wire: Wire) -> None:
    wire.connection.stage = Upper()
    wire.add("latency", latency=50)
    wire.client.send(b"ping")
    wire.turn()
    assert wire.read(wire.client) is None
    wire.at(50)
    assert wire.read(wire.client) == b"pong"


def test_without_its_stage_it_is_direct_again(wire: Wire) -> None:
    wire.connection.stage = Upper()
    assert not wire.connection.up.direct
    wire.connection.stage = None
    assert wire.connection.up.direct
    wire.client.send(b"as it is")
    wire.turn()
    assert wire.read(wire.server) == b"as it is"


def test_the_other_side_of_a_reset_is_reset(loop_tcp: Any) -> None:
    client, server, connection, until = loop_tcp
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    until(lambda: connection.closed)
    client.settimeout(20)
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_a_peer_that_hangs_up_while_nobody_reads_is_no_busy_loop(loop_tcp: Any) -> None:
    """A receiver that does not read and a sender that is reset: epoll would tell of the reset for ever."""
    _, server, connection, until = loop_tcp
    connection.down.hold()
    server.sendall(b"before")
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    reset = select.poll()
    reset.register(connection._peers[1].sock, 0)
    assert reset.poll(20_000)
    connection.loop.once(0)
    assert not connection.loop._epoll.poll(0)
    connection.down.resume()
    until(lambda: connection.closed)
