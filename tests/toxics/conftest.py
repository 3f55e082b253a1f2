"""What the tests of the proxy share: a clock moved by hand, a row of effects, and one whole connection in this process."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from blackstart.toxics.chain import Chain
from blackstart.toxics.client import Client
from blackstart.toxics.connection import Connection
from blackstart.toxics.effects.base import CLOSE, DATA, END, RESET, Piece
from blackstart.toxics.loop import MS, Loop
from blackstart.toxics.model import Toxic, read_change, read_toxic
from blackstart.toxics.pipes import Pipes
from blackstart.toxics.proxy import Proxy, Settings
from blackstart.toxics.types import TYPES

KINDS = {END: "end", CLOSE: "close", RESET: "reset"}


class ManualClock:
    """Time in ns that stands until it is moved."""

    def __init__(self) -> None:
        self.ns = 0

    def __call__(self) -> int:
        return self.ns

    def move_to(self, ms: float) -> None:
        self.ns = round(ms * MS)


@dataclass
class Sink:
    """Keeps what arrives, and when by its own stamp."""

    pieces: list[Piece] = field(default_factory=list)
    full: bool = False

    def put(self, piece: Piece) -> None:
        self.pieces.append(piece)

    def room(self) -> bool:
        return not self.full


class Line:
    """One direction with toxics in a row. Times are ms."""

    def __init__(self) -> None:
        self.sink = Sink()
        self.chain = Chain(self.sink)
        self.toxics: list[Toxic] = []
        self.now = 0

    def add(self, type: str, at: float = 0, *, seed: int = 1, **attributes: Any) -> Toxic:
        asked = {"type": type, "name": f"{type}{len(self.toxics)}", "attributes": attributes}
        toxic = read_toxic(asked, "tcp", TYPES)
        self.toxics.append(toxic)
        assert toxic.type.effect is not None
        self.chain.add(toxic, toxic.type.effect(toxic.attributes, Random(seed), self._at(at)), self.toxics)
        return toxic

    def change(self, toxic: Toxic, at: float, **attributes: Any) -> None:
        self.run(at)
        read_change({"attributes": attributes}, toxic).apply(toxic)
        self.chain.update(toxic, self._at(at))
        self.run(at)

    def remove(self, toxic: Toxic, at: float) -> None:
        self.run(at)
        self.chain.remove(toxic, self._at(at))
        self.run(at)

    def send(self, data: bytes, at: float = 0) -> None:
        self.chain.put(Piece(self._at(at), data))
        self.run(at)

    def end(self, at: float = 0, kind: int = END) -> None:
        self.chain.put(Piece(self._at(at), b"", kind))
        self.run(at)

    def run(self, at: float) -> None:
        self.chain.run(self._at(at))

    @property
    def arrived(self) -> list[tuple[float, bytes | str]]:
        """When and what: bytes, or the kind of end."""
        return [
            (one.at / MS, bytes(one.data) if one.kind == DATA else KINDS[one.kind])
            for one in self.sink.pieces
        ]

    @property
    def bytes(self) -> bytes:
        return b"".join(bytes(one.data) for one in self.sink.pieces)

    @staticmethod
    def _at(ms: float) -> int:
        return round(ms * MS)


class NoListener:
    """For a proxy of which only the connections matter."""

    def __init__(self, proxy: Proxy) -> None: ...

    def start(self, listen: str) -> str:
        return listen

    def stop(self) -> None: ...

    def drop(self) -> None: ...

    def toxic_added(self, toxic: Toxic) -> None: ...

    def toxic_changed(self, toxic: Toxic, *, rolled: bool) -> None: ...

    def toxic_removed(self, toxic: Toxic) -> None: ...


class Wire:
    """One connection of a proxy, with both far ends in the test's hands, on a loop that the test turns."""

    def __init__(self, clock: ManualClock, loop: Loop) -> None:
        self.clock = clock
        self.loop = loop
        self.proxy = Proxy(Settings(loop, "seed"), "one", "", "", listener=NoListener)
        self.client, near = socket.socketpair()
        self.server, far = socket.socketpair()
        self.ours = (near, far)
        for sock in (self.client, self.server, near, far):
            sock.setblocking(False)
        self.pipes = Pipes()
        self.ended: list[Connection] = []
        self.connection = Connection(self.proxy, self.pipes, near, far, "127.0.1.11", self.ended.append)
        self.connection.watch()

    def turn(self, times: int = 3) -> None:
        """Handle whatever is ready and due, without waiting."""
        for _ in range(times):
            self.loop.once(0)

    def at(self, ms: float) -> None:
        """Go to that time, and handle what is due by then in between."""
        target = round(ms * MS)
        while (due := self.loop.next_due()) is not None and due <= target:
            self.clock.ns = max(self.clock.ns, due)
            self.turn()
        self.clock.ns = target
        self.turn()

    def add(self, type: str, stream: str = "downstream", **more: Any) -> Toxic:
        """`more`: attributes, and toxicity or clients."""
        own = {name: more.pop(name) for name in ("toxicity", "clients", "name") if name in more}
        toxic = read_toxic({"type": type, "stream": stream, "attributes": more, **own}, "http", TYPES)
        self.proxy.add(toxic)
        self.connection.admit(toxic)
        return toxic

    def change(self, toxic: Toxic, **attributes: Any) -> None:
        read_change({"attributes": attributes}, toxic).apply(toxic)
        self.connection.link(toxic.stream).update(toxic)

    def remove(self, toxic: Toxic) -> None:
        self.proxy.remove(toxic)
        self.connection.link(toxic.stream).remove(toxic)

    @staticmethod
    def read(sock: socket.socket) -> bytes | None:
        """All that is there; None when nothing is and the other side has not closed; b"" once it has."""
        parts = bytearray()
        try:
            while part := sock.recv(1 << 20):
                parts += part
        except BlockingIOError:
            return bytes(parts) or None
        return bytes(parts)

    def close(self) -> None:
        self.connection.close()
        for sock in (self.client, self.server):
            sock.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def loop(clock: ManualClock) -> Iterator[Loop]:
    made = Loop(clock)
    yield made
    made.close()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture(scope="session")
def lines() -> Callable[[], Line]:
    """For a test that needs several, or many."""
    return Line


@pytest.fixture
def wire(clock: ManualClock, loop: Loop) -> Iterator[Wire]:
    made = Wire(clock, loop)
    yield made
    made.close()


@pytest.fixture(scope="session")
def wires() -> Callable[[], Wire]:
    """For a property test, which needs a fresh one for each example; closing it and its loop is the test's."""

    def make() -> Wire:
        clock = ManualClock()
        return Wire(clock, Loop(clock))

    return make


@pytest.fixture
def loop_tcp(loop: Loop) -> Iterator[Any]:
    """One connection over real TCP: the client's socket, the server's, the connection, and `until(what)` for the loop."""
    near, far = _tcp_pair(), _tcp_pair()
    proxy = Proxy(Settings(loop, "seed"), "one", "", "", listener=NoListener)
    connection = Connection(proxy, Pipes(), near[1], far[0], "127.0.0.1", lambda gone: None)
    connection.watch()

    def until(what: Callable[[], bool]) -> None:
        while not what():
            loop.once(0.02)

    yield near[0], far[1], connection, until
    connection.close()
    near[0].close()
    far[1].close()


def _tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname(), timeout=20)
        far, _ = server.accept()
    for sock in (near, far):
        sock.setblocking(False)
    return near, far


class Program:
    """The proxy as a process of its own, on a free port."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self._stderr = folder / f"stderr-{id(self)}"
        argv = [sys.executable, "-m", "blackstart.toxics", "--port", "0", *flags]
        with self._stderr.open("wb") as errors:
            self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        assert self.first_line, self.errors()
        self.port = int(self.first_line.rpartition(":")[2])
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = Client("127.0.0.1", self.port)

    def errors(self) -> str:
        return self._stderr.read_text()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


Programs = Callable[..., Program]


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """Start one with these flags; ended with the test."""
    made: list[Program] = []

    def start(*flags: str) -> Program:
        made.append(Program(tmp_path, *flags))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """One for all tests of a module."""
    made = Program(tmp_path_factory.mktemp("proxy"))
    yield made
    made.close()
