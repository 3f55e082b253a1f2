from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.listening import Acceptor, bind, narrowed
from blackstart.toxics.loop import MS

if TYPE_CHECKING:
    from tests.toxics.conftest import ManualClock

    from blackstart.toxics.loop import Loop


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_port_0_is_a_free_one_and_the_real_address_is_told(kind: int) -> None:
    sock, address = bind("127.0.0.1:0", kind)
    assert address == f"127.0.0.1:{sock.getsockname()[1]}"
    assert not sock.getblocking()
    sock.close()


def test_a_name_is_told_as_its_number() -> None:
    sock, address = bind("localhost:0", socket.SOCK_STREAM)
    assert address.startswith("127.0.0.1:")
    sock.close()


def test_a_port_in_use() -> None:
    first, address = bind("127.0.0.1:0", socket.SOCK_STREAM)
    with pytest.raises(OSError, match="in use") as caught:
        bind(address, socket.SOCK_STREAM)
    assert caught.value.errno == errno.EADDRINUSE
    first.close()


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ("", "127.0.0.1:0"),
        (":80", "127.0.0.1:80"),
        ("0.0.0.0:80", "127.0.0.1:80"),
        ("[::]:80", "127.0.0.1:80"),
        ("127.0.1.9:80", "127.0.1.9:80"),
        ("[::1]:80", "[::1]:80"),
        ("localhost:80", "localhost:80"),
        ("nowhere", "nowhere"),
        ("no.such.name.invalid:80", "no.such.name.invalid:80"),
    ],
)
def test_what_is_listened_on_for_what_is_asked(listen: str, expected: str) -> None:
    assert narrowed(listen, allow_remote=False) == expected


def test_an_address_that_only_others_use_is_refused() -> None:
    with pytest.raises(ProxyRefused, match="--allow-remote") as caught:
        narrowed("192.0.2.1:80", allow_remote=False)
    assert caught.value.status == 400


@pytest.mark.parametrize("listen", ["192.0.2.1:80", "0.0.0.0:80", "[::]:80"])
def test_told_so_it_listens_anywhere(listen: str) -> None:
    assert narrowed(listen, allow_remote=True) == listen


def test_accepted_sockets_never_block(loop: Loop) -> None:
    sock, _ = bind("127.0.0.1:0", socket.SOCK_STREAM)
    got: list[socket.socket] = []
    acceptor = Acceptor(loop, sock, lambda accepted, address: got.append(accepted))
    client = socket.create_connection(sock.getsockname())
    while not got:
        loop.once(0.05)
    assert not got[0].getblocking()
    acceptor.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(client.getpeername())
    for one in (client, *got):
        one.close()


def limited(monkeypatch: pytest.MonkeyPatch, to: int) -> None:
    """As if the process might have so many descriptors."""
    monkeypatch.setattr("resource.getrlimit", lambda what: (to, to))


def test_traffic_leaves_descriptors_over_and_the_api_may_have_them(
    loop: Loop, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[str] = []
    clients: list[socket.socket] = []
    acceptors: list[Acceptor] = []
    for name in ("traffic", "api"):
        sock, _ = bind("127.0.0.1:0", socket.SOCK_STREAM)

        def accepted(one: socket.socket, address: Any, name: str = name) -> None:
            got.append(name)
            one.close()

        acceptors.append(Acceptor(loop, sock, accepted, first=name == "api"))
        clients.append(socket.create_connection(sock.getsockname()))
    limited(monkeypatch, 4)  # more are open already
    while not got or loop.next_due() is None:  # one is served, the other comes back later
        loop.once(0.05)
    assert got == ["api"]
    limited(monkeypatch, 4_096)
    clock.move_to(50)
    loop.run_due()
    while len(got) < 2:
        loop.once(0.05)
    assert got == ["api", "traffic"]
    for acceptor in acceptors:
        acceptor.close()
    for client in clients:
        client.close()


class _Exhausted:
    """A listening socket that once finds no descriptor."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._failed = False
        self.close = sock.close
        self.fileno = sock.fileno

    def accept(self) -> Any:
        if not self._failed:
            self._failed = True
            raise OSError(errno.EMFILE, "Too many open files")
        return self._sock.accept()


def test_no_descriptor_left_is_a_pause_and_then_everybody_is_served(loop: Loop, clock: ManualClock) -> None:
    sock, _ = bind("127.0.0.1:0", socket.SOCK_STREAM)
    got: list[socket.socket] = []
    exhausted: Any = _Exhausted(sock)
    acceptor = Acceptor(loop, exhausted, lambda accepted, address: got.append(accepted))
    client = socket.create_connection(sock.getsockname())
    while loop.next_due() is None:
        loop.once(0.05)
    assert got == []
    assert loop.next_due() == 50 * MS
    clock.move_to(50)
    loop.run_due()
    while not got:
        loop.once(0.05)
    assert len(got) == 1
    acceptor.close()
    for one in (client, *got):
        one.close()
