"""Connecting to an upstream without ever waiting: not for its name, not for its answer."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Any, Final

from blackstart.toxics.addresses import numeric, resolve, split
from blackstart.toxics.loop import ERROR, MS, OUT, Loop, Timer

__all__ = ["Dial", "Upstream"]

_PATIENCE_NS: Final = 30_000 * MS
"""How long one address has to answer."""

_FRESH_NS: Final = 1_000 * MS
"""How long a name's addresses are used again without asking: many connections a second ask once."""

Address = tuple[int, Any]
"""Family, and the address as a socket of it takes it."""


class Upstream:
    """Looks names up, in a thread, and keeps the answer for a moment. Numeric addresses need neither."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._text = ""
        self._found: list[Address] = []
        self._until = 0.0
        self._asked: dict[str, list[Callable[[list[Address]], object]]] = {}

    def find(self, text: str, found: Callable[[list[Address]], object]) -> None:
        """Call `found` with the addresses of `host:port`: at once, or later. There are none of an unknown one."""
        if text == self._text and self._loop.now() < self._until:
            found(self._found)
            return
        try:
            host, port = split(text, what="upstream")
        except ValueError:
            found([])
            return
        host = host or "127.0.0.1"
        if numeric(host):
            found(self._keep(text, resolve(host, port), float("inf")))
            return
        waiting = self._asked.setdefault(text, [])
        waiting.append(found)
        if len(waiting) == 1:
            self._loop.in_thread(lambda: resolve(host, port), lambda result: self._answered(text, result))

    def _answered(self, text: str, result: Any) -> None:
        addresses = self._keep(text, result, self._loop.now() + _FRESH_NS)
        for found in self._asked.pop(text):
            found(addresses)

    def _keep(self, text: str, result: Any, until: float) -> list[Address]:
        if isinstance(result, OSError):
            return []
        self._text, self._found, self._until = text, result, until
        return self._found


class Dial:
    """One attempt to connect, to each address of the upstream in turn."""

    def __init__(self, loop: Loop, upstream: Upstream, text: str) -> None:
        self._loop = loop
        self._upstream = upstream
        self._text = text
        self._left: list[Address] = []
        self._sock: socket.socket | None = None
        self._timer: Timer | None = None
        self._cancelled = False
        self._done: Callable[[socket.socket | None], object] = lambda sock: None

    def start(self, done: Callable[[socket.socket | None], object]) -> None:
        """Call `done` with a connected socket, which is the caller's then, or with None."""
        self._done = done
        self._upstream.find(self._text, self._found)

    def cancel(self) -> None:
        """`done` is not called any more."""
        self._cancelled = True
        self._drop()

    def _found(self, addresses: list[Address]) -> None:
        self._left = list(addresses)
        self._next()

    def _next(self) -> None:
        """Try the next address. Most connect within the call; a socket that is not made is like one refused."""
        while self._left and not self._cancelled:
            family, address = self._left.pop(0)
            try:
                self._sock = sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            except OSError:
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            state = sock.connect_ex(address)
            if state == errno.EINPROGRESS:
                state = sock.connect_ex(address)  # on loopback the answer is there already
            if state in (0, errno.EISCONN):
                self._connected()
                return
            if state in (errno.EINPROGRESS, errno.EALREADY):
                self._wait(sock)
                return
            self._drop()
        if not self._cancelled:
            self._done(None)

    def _wait(self, sock: socket.socket) -> None:
        self._loop.register(sock.fileno(), OUT, self._ready)
        self._timer = self._loop.call_at(self._loop.now() + _PATIENCE_NS, self._ready_or_not)

    def _ready(self, events: int) -> None:
        assert self._sock is not None
        failed = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failed or events & ERROR:
            self._ready_or_not()
        else:
            self._loop.unregister(self._sock.fileno())
            self._connected()

    def _ready_or_not(self) -> None:
        self._drop()
        self._next()

    def _connected(self) -> None:
        sock, self._sock = self._sock, None
        self._forget_timer()
        self._done(sock)

    def _drop(self) -> None:
        self._forget_timer()
        if self._sock is not None:
            self._loop.unregister(self._sock.fileno())
            self._sock.close()
            self._sock = None

    def _forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
