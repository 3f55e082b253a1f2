"""Opening a socket to listen on, on loopback only unless told otherwise."""

from __future__ import annotations

import socket
from typing import Final

from blackstart.toxics.addresses import join, loopback, resolve, split
from blackstart.toxics.errors import bad_request

__all__ = ["bind", "narrowed"]

_BACKLOG: Final = 4_096

_EVERYWHERE: Final = ("0.0.0.0", "::")


def bind(listen: str, kind: int) -> tuple[socket.socket, str]:
    """A socket bound to `host:port` (listening, for SOCK_STREAM), and its real address.

    OSError when that cannot be, ValueError for an address that is none.
    """
    host, port = split(listen)
    family, address = resolve(host, port, kind)[0]
    sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    try:
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets have it from here
        sock.bind(address)
        if kind == socket.SOCK_STREAM:
            sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock, join(*sock.getsockname()[:2])


def narrowed(listen: str, *, allow_remote: bool) -> str:
    """The address to listen on for the one asked for.

    Every interface becomes loopback, silently: it is the default of clients that never meant it. An address that only
    other machines use is refused (ProxyRefused). With `allow_remote` both are taken as they are. No host is 127.0.0.1
    in any case, and what is no address is left to whoever binds it.
    """
    try:
        host, port = split(listen or ":0")
    except ValueError:
        return listen
    if not host or (host in _EVERYWHERE and not allow_remote):
        return join("127.0.0.1", port)
    if not allow_remote and not _is_local(host, port):
        raise bad_request(
            f"listen {listen}: other machines reach that address; listen on 127.0.0.1, or start the proxy with "
            "--allow-remote"
        )
    return listen


def _is_local(host: str, port: int) -> bool:
    try:
        return loopback(resolve(host, port)[0][1][0])
    except (OSError, OverflowError):
        return True  # nothing to listen on: whoever binds it says so
