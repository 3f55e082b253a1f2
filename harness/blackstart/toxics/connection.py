"""One connection: a client's socket, a server's socket, and a link each way."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from blackstart.toxics.link import Link
from blackstart.toxics.loop import ERROR, IN, OUT, Loop

if TYPE_CHECKING:
    from blackstart.toxics.effects.base import Bytes
    from blackstart.toxics.model import Toxic
    from blackstart.toxics.pipes import Pipes
    from blackstart.toxics.proxy import Proxy

__all__ = ["Connection", "Peer", "Stage", "close_gently", "close_with_reset"]

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time. A close then sends a reset."""


class Stage(Protocol):
    """What may sit between client and server and understand what they say (README.md)."""

    def came(self, link: Link, data: Bytes) -> None:
        """Bytes from that link's sender. They go on only by `link.feed`."""

    def ended(self, link: Link) -> None:
        """That link's sender has closed its direction. It goes on only by `link.end`."""

    def closed(self) -> None:
        """The connection is over: let go of timers."""


class Peer:
    """One socket of a connection, and what epoll is to tell of it."""

    __slots__ = ("_events", "_loop", "_muted", "fd", "reads", "sock", "writes")

    reads: Link
    """The link that reads from here."""
    writes: Link
    """The link that writes to here."""

    def __init__(self, sock: socket.socket, loop: Loop) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self._loop = loop
        self._events = IN
        self._muted = False

    def watch(self) -> None:
        self._loop.register(self.fd, self._events, self.ready)

    def want(self, event: int, on: bool) -> None:
        """Have the loop tell of IN or OUT, or not."""
        events = self._events | event if on else self._events & ~event
        if events == self._events:
            return
        self._events = events
        if self._muted:
            self._muted = False
            self._loop.register(self.fd, events, self.ready)
        else:
            self._loop.modify(self.fd, events)

    def ready(self, events: int) -> None:
        if events & IN and self._events & IN:
            self.reads.readable()
            if events & OUT and not self.writes.done:
                self.writes.writable()
        elif events & OUT and not self.writes.done:
            self.writes.writable()
        elif events & ERROR:
            self._failed()

    def _failed(self) -> None:
        """Over, while there is nothing to read or write: epoll would tell so again and again. What it sent before is
        still read when there is room again.
        """
        if self._events & IN:
            self.reads.readable()
        elif not self._muted:
            self._muted = True
            self._loop.unregister(self.fd)


class Connection:
    """`up` carries what the client sends, `down` what the server answers. `closed` once both sockets are."""

    __slots__ = (
        "_gone",
        "_peers",
        "_stage",
        "client",
        "closed",
        "down",
        "loop",
        "number",
        "pipes",
        "proxy",
        "up",
    )

    def __init__(
        self,
        proxy: Proxy,
        pipes: Pipes,
        client: socket.socket,
        server: socket.socket,
        address: str,
        gone: Callable[[Connection], object],
    ) -> None:
        self.proxy = proxy
        self.loop = proxy.loop
        self.pipes = pipes
        self.client = address
        self.number = proxy.next_client()
        self.closed = False
        self._gone = gone
        self._stage: Stage | None = None
        near, far = Peer(client, self.loop), Peer(server, self.loop)
        self._peers = (near, far)
        self.up = near.reads = far.writes = Link(self, "upstream", near, far)
        self.down = far.reads = near.writes = Link(self, "downstream", far, near)

    def watch(self) -> None:
        """Begin to carry."""
        for peer in self._peers:
            peer.watch()

    @property
    def stage(self) -> Stage | None:
        return self._stage

    @stage.setter
    def stage(self, stage: Stage | None) -> None:
        self._stage = stage
        self.up.restage()
        self.down.restage()

    def link(self, stream: str) -> Link:
        return self.up if stream == "upstream" else self.down

    def admit(self, toxic: Toxic) -> None:
        """Let a toxic act here, if it is for this client and the dice say so; take it away if they do not."""
        link = self.link(toxic.stream)
        if toxic.type.effect is None:
            return
        chance = self.proxy.random(self.number, toxic.name, toxic.rolls)
        wanted = toxic.acts_on(self.client) and (toxic.toxicity >= 1 or chance.random() < toxic.toxicity)
        if wanted and not link.affected_by(toxic):
            link.add(toxic, toxic.type.effect(toxic.attributes, chance, self.loop.now()))
        elif not wanted:
            link.remove(toxic)

    def half_done(self) -> None:
        """One direction is over; with both, the connection is."""
        if self.up.done and self.down.done:
            self._end(socket.socket.close)

    def close(self) -> None:
        """Close both sides, so that each sees an end."""
        self._end(close_gently)

    def reset(self) -> None:
        """Close both sides, so that each sees a reset."""
        self._end(close_with_reset)

    def _end(self, close: Callable[[socket.socket], None]) -> None:
        if self.closed:
            return
        self.closed = True
        self.up.close()
        self.down.close()
        for peer in self._peers:
            self.loop.unregister(peer.fd)
            close(peer.sock)
        if self._stage is not None:
            self._stage.closed()
        self._gone(self)


def close_gently(sock: socket.socket) -> None:
    """Close, so that the other side sees an end: a close with bytes unread would be a reset, which also takes away
    what was sent before.
    """
    try:
        sock.shutdown(socket.SHUT_WR)
        for _ in range(64):
            if not sock.recv(65_536):
                break
    except OSError:
        pass  # nothing more to read, or the other side is gone already
    sock.close()


def close_with_reset(sock: socket.socket) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    except OSError:
        pass  # the other side is gone already
    sock.close()
