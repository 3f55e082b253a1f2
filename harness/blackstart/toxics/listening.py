"""Sockets that listen: opened on loopback only unless told otherwise, and accepted from without a busy moment."""

from __future__ import annotations

import fcntl
import os
import resource
import socket
from collections.abc import Callable
from typing import Any, Final

from blackstart.toxics.addresses import join, loopback, resolve, split
from blackstart.toxics.errors import bad_request
from blackstart.toxics.loop import IN, MS, Loop

__all__ = ["Acceptor", "bind", "narrowed", "scarce"]

_BACKLOG: Final = 4_096

_EVERYWHERE: Final = ("0.0.0.0", "::")

_RESERVE: Final = 64
"""Descriptors that traffic leaves over: the API must answer, and take a toxic away, when clients hold all others."""

_BATCH: Final = 16
"""Connections accepted before the others have their turn."""

_BREATH_NS: Final = 50 * MS
"""Pause when no descriptor is left: the connections wait in the kernel meanwhile."""


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


def scarce(number: int) -> bool:
    """Whether a new descriptor of this number says that they run out: the kernel gives the lowest that is free."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return number >= limit - min(_RESERVE, limit // 4)


class Acceptor:
    """Accepts on a listening socket, which it owns, until `close`. Accepted sockets never block.

    One of traffic leaves some descriptors over; `first`: one that may have these too.
    """

    def __init__(
        self,
        loop: Loop,
        sock: socket.socket,
        accepted: Callable[[socket.socket, Any], object],
        *,
        first: bool = False,
    ) -> None:
        self._first = first
        self._loop = loop
        self._sock = sock
        self._accepted = accepted
        self._open = True
        loop.register(sock.fileno(), IN, self._ready)

    def close(self) -> None:
        self._open = False
        self._loop.unregister(self._sock.fileno())
        self._sock.close()

    def _ready(self, events: int) -> None:
        if not self._first and self._scarce():
            self._pause()
            return
        for _ in range(_BATCH):
            if not self._open:
                return
            try:
                sock, address = self._sock.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError:
                self._pause()
                return
            sock.setblocking(False)
            self._accepted(sock, address)

    def _scarce(self) -> bool:
        try:
            number = fcntl.fcntl(self._sock.fileno(), fcntl.F_DUPFD_CLOEXEC, 0)
        except OSError:
            return True
        os.close(number)
        return scarce(number)

    def _pause(self) -> None:
        """No descriptor is left: come back when others may have closed theirs."""
        self._loop.modify(self._sock.fileno(), 0)
        self._loop.call_at(self._loop.now() + _BREATH_NS, self._again)

    def _again(self) -> None:
        if self._open:
            self._loop.modify(self._sock.fileno(), IN)
