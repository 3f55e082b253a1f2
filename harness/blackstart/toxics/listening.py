"""Opening a socket to listen on, on loopback only unless told otherwise."""

from __future__ import annotations

import socket
from typing import Final

from blackstart.toxics.addresses import join, loopback, resolve, split
from blackstart.toxics.errors import bad_request

__all__ = ["bind", "demand_local"]

_BACKLOG: Final = 4_096


def bind(listen: str, kind: int, *, allow_remote: bool) -> tuple[socket.socket, str]:
    """A socket bound to `host:port` (listening, for SOCK_STREAM), and its real address. No host means 127.0.0.1.

    OSError when that cannot be, ValueError for an address that is none, ProxyRefused for one that other machines reach.
    """
    demand_local(listen, allow_remote=allow_remote)
    host, port = split(listen or ":0")
    family, address = resolve(host or "127.0.0.1", port, kind)[0]
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


def demand_local(listen: str, *, allow_remote: bool) -> None:
    """ProxyRefused for an address that other machines reach. One that is none is left to whoever binds it."""
    if allow_remote:
        return
    try:
        host, port = split(listen or ":0")
        found = resolve(host or "127.0.0.1", port)
    except (ValueError, OSError):
        return
    if not loopback(found[0][1][0]):
        raise bad_request(
            f"listen {listen}: other machines reach that address; listen on 127.0.0.1, or start the proxy with "
            "--allow-remote"
        )
