"""Connecting, on a real loop: whatever the upstream does, the loop does not wait for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from blackstart.toxics import dial as module
from blackstart.toxics.dial import Dial, Upstream
from blackstart.toxics.loop import Loop


@pytest.fixture
def real() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def dialled(loop: Loop, text: str) -> socket.socket | None:
    """What comes of it, however long it takes."""
    results: list[socket.socket | None] = []

    def done(sock: socket.socket | None) -> None:
        results.append(sock)
        loop.stop()

    Dial(loop, Upstream(loop), text).start(done)
    if not results:
        loop.run()
    assert len(results) == 1
    return results[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", ""])
def test_it_connects(real: Loop, listener: socket.socket, host: str) -> None:
    sock = dialled(real, f"{host}:{listener.getsockname()[1]}")
    assert sock is not None
    assert sock.getpeername() == listener.getsockname()
    assert not sock.getblocking()
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    sock.close()


@pytest.mark.parametrize(
    "text", ["127.0.0.1:1", "no.such.name.invalid:80", "nonsense", "127.0.0.1:x", "localhost:1", "a..b:80"]
)
def test_it_does_not(real: Loop, text: str) -> None:
    assert dialled(real, text) is None


def test_a_name_is_looked_up_in_a_thread_and_then_remembered(
    real: Loop, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def resolve(host: str, port: int) -> list[Any]:
        threads.append(threading.get_ident())
        return [(socket.AF_INET, ("127.0.0.1", 1)), (socket.AF_INET, ("127.0.0.1", port))]

    monkeypatch.setattr(module, "resolve", resolve)
    upstream = Upstream(real)
    for _ in range(3):
        found: list[socket.socket | None] = []
        Dial(real, upstream, f"a.name:{listener.getsockname()[1]}").start(found.append)
        while not found:
            real.once(0.05)
        assert found[0] is not None, "the second address is tried when the first refuses"
        found[0].close()
    assert len(threads) == 1
    assert threads != [threading.get_ident()]


def full(listener: socket.socket) -> list[socket.socket]:
    """Connections until the listener takes no more: the next is left waiting, as by a host that does not answer."""
    held = []
    while True:
        sock = socket.socket()
        sock.settimeout(0.2)
        held.append(sock)
        try:
            sock.connect(listener.getsockname())
        except TimeoutError:
            return held


def test_one_that_does_not_answer_is_waited_for_and_given_up(loop: Loop, clock: Any) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        held = full(silent)
        results: list[socket.socket | None] = []
        Dial(loop, Upstream(loop), "{}:{}".format(*silent.getsockname())).start(results.append)
        clock.move_to(29_999)
        loop.run_due()
        assert results == []
        clock.move_to(30_000)
        loop.run_due()
        assert results == [None]
        for sock in held:
            sock.close()


def test_cancelled_it_tells_nobody(loop: Loop, clock: Any) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        held = full(silent)
        results: list[socket.socket | None] = []
        dial = Dial(loop, Upstream(loop), "{}:{}".format(*silent.getsockname()))
        dial.start(results.append)
        dial.cancel()
        clock.move_to(60_000)
        loop.run_due()
        assert results == []
        assert loop.next_due() is None
        for sock in held:
            sock.close()
