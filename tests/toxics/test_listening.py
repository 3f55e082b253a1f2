from __future__ import annotations

import errno
import socket

import pytest

from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.listening import bind, narrowed


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
