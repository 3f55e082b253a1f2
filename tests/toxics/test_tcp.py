"""The TCP listener: toxics reach connections that are open, an upstream that is slow holds nobody else up."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.toxics.dial import Dial
from blackstart.toxics.loop import Loop
from blackstart.toxics.model import read_change, read_toxic
from blackstart.toxics.proxy import Proxy, Settings
from blackstart.toxics.tcp import TcpListener
from blackstart.toxics.types import TYPES

if TYPE_CHECKING:
    from blackstart.toxics.connection import Connection


class Watching(TcpListener):
    """Notes when `fit` is called."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(proxy)
        self.fitted: list[Connection] = []

    def fit(self, connection: Connection) -> None:
        self.fitted.append(connection)


class Scene:
    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.upstream = socket.create_server(("127.0.0.1", 0))
        self.listeners: list[Watching] = []
        text = f"127.0.0.1:{self.upstream.getsockname()[1]}"
        self.proxy = Proxy(Settings(loop), "one", "127.0.0.1:0", text, listener=self._listener)
        self.proxy.start()
        self.open: list[socket.socket] = [self.upstream]

    def _listener(self, proxy: Proxy) -> Watching:
        self.listeners.append(Watching(proxy))
        return self.listeners[-1]

    @property
    def listener(self) -> Watching:
        return self.listeners[-1]

    def dial(self, source: str = "127.0.0.1") -> socket.socket:
        host, port = self.proxy.listen.split(":")
        client = socket.create_connection((host, int(port)), timeout=20, source_address=(source, 0))
        self.open.append(client)
        return client

    def pair(self, source: str = "127.0.0.1") -> tuple[socket.socket, socket.socket]:
        before = len(self.listener.connections)
        client = self.dial(source)
        while len(self.listener.connections) == before:
            self.loop.once(0.05)
        server, _ = self.upstream.accept()
        server.settimeout(20)
        self.open.append(server)
        return client, server

    def until(self, sock: socket.socket, size: int = 65_536) -> bytes:
        """What arrives next, while the loop turns."""
        sock.setblocking(False)
        while True:
            self.loop.once(0.05)
            try:
                return sock.recv(size)
            except BlockingIOError:
                continue

    def add(self, **asked: Any) -> Any:
        toxic = read_toxic(asked, "tcp", TYPES)
        self.proxy.add(toxic)
        return toxic

    def close(self) -> None:
        self.proxy.close()
        for sock in self.open:
            sock.close()


@pytest.fixture
def scene() -> Iterator[Scene]:
    loop = Loop()
    made = Scene(loop)
    yield made
    made.close()
    loop.close()


def test_bytes_pass(scene: Scene) -> None:
    client, server = scene.pair()
    client.sendall(b"hello")
    assert scene.until(server) == b"hello"
    assert (scene.proxy.traffic.open, scene.proxy.traffic.total, scene.proxy.traffic.failed) == (1, 1, 0)


def test_a_toxic_reaches_open_connections_and_later_ones_and_leaves_both(scene: Scene) -> None:
    scene.pair()
    toxic = scene.add(type="noop")
    scene.pair()
    connections = list(scene.listener.connections)
    assert [one.down.affected_by(toxic) for one in connections] == [True, True]
    scene.proxy.remove(toxic)
    assert [one.down.direct for one in connections] == [True, True]


def test_a_toxic_of_one_client(scene: Scene) -> None:
    toxic = scene.add(type="noop", clients=["127.0.1.11"])
    scene.pair("127.0.1.11")
    scene.pair("127.0.1.12")
    found = {one.client: one.down.affected_by(toxic) for one in scene.listener.connections}
    assert found == {"127.0.1.11": True, "127.0.1.12": False}
    scene.proxy.change(toxic, read_change({"clients": ["127.0.1.12"]}, toxic))
    found = {one.client: one.down.affected_by(toxic) for one in scene.listener.connections}
    assert found == {"127.0.1.11": False, "127.0.1.12": True}


def test_fit_is_called_at_the_beginning_and_at_each_change(scene: Scene) -> None:
    scene.pair()
    toxic = scene.add(type="noop")
    scene.proxy.change(toxic, read_change({}, toxic))
    scene.proxy.remove(toxic)
    (connection,) = scene.listener.connections
    assert scene.listener.fitted == [connection] * 4


def test_an_upstream_that_is_down_is_an_end_and_counted(scene: Scene) -> None:
    scene.proxy.move(scene.proxy.listen, "127.0.0.1:1")
    client = scene.dial()
    assert scene.until(client) == b""
    assert (scene.proxy.traffic.failed, scene.proxy.traffic.open) == (1, 0)


def test_an_upstream_that_is_slow_holds_nobody_else_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[Dial] = []
    start = Dial.start

    def slow_at_first(self: Dial, done: Any) -> None:
        if waiting:
            start(self, done)
        else:
            waiting.append(self)

    monkeypatch.setattr(Dial, "start", slow_at_first)
    stuck = scene.dial()
    client, server = scene.pair()
    client.sendall(b"served")
    assert scene.until(server) == b"served"
    scene.proxy.stop()
    assert scene.until(stuck) == b""


def test_stop_ends_connections_and_refuses_new_ones(scene: Scene) -> None:
    client, server = scene.pair()
    scene.proxy.stop()
    assert scene.until(client) == b""
    assert scene.until(server) == b""
    assert scene.proxy.traffic.open == 0
    with pytest.raises(ConnectionRefusedError):
        scene.dial()


def test_another_upstream_drops_and_goes_on_listening(scene: Scene) -> None:
    client, _ = scene.pair()
    other = socket.create_server(("127.0.0.1", 0))
    scene.proxy.move(scene.proxy.listen, f"127.0.0.1:{other.getsockname()[1]}")
    assert scene.until(client) == b""
    again = scene.dial()
    while not scene.listener.connections:
        scene.loop.once(0.05)
    there, _ = other.accept()
    there.sendall(b"other")
    assert scene.until(again) == b"other"
    there.close()
    other.close()
