"""UDP proxies: one socket towards the upstream for each client address, forgotten when nobody uses it.

A proxy that is down has no socket: a client's datagram is answered by the system with "port unreachable", as by a dead
server. A dead upstream behind a proxy that is up is silence to the client, for only the system may say more.
"""

from __future__ import annotations

import socket
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final

from blackstart.toxics.addresses import numeric, resolve, split
from blackstart.toxics.listening import bind, scarce
from blackstart.toxics.loop import IN, Timer
from blackstart.toxics.udp_stage import Stage

if TYPE_CHECKING:
    from blackstart.toxics.model import Toxic
    from blackstart.toxics.proxy import Proxy

__all__ = ["IDLE_S", "MOST_CLIENTS", "UdpListener"]

IDLE_S: Final = 30
"""Seconds after which a silent client is forgotten. RFC 4787 asks two minutes of routers; a DNS answer takes seconds,
and resolvers ask from a new port each time.
"""

MOST_EARLY = 64
"""Datagrams of one client that wait while the upstream's name is looked up; older ones are lost."""

MOST_CLIENTS: Final = 512
"""Clients remembered at once: each is an open socket. The one silent for longest makes room."""

_LARGEST = 65_535
_AT_ONCE = 64
"""Datagrams read before others have their turn."""

Address = tuple[Any, ...]


class _Client:
    """One client address, and the socket by which the upstream sees it."""

    def __init__(self, address: Address, when: int) -> None:
        self.address = address
        self.used = when
        self.socket: socket.socket | None = None
        self.early: list[bytes] = []
        self.gone = False


class UdpListener:
    """Serves one UDP proxy. See `proxy.Listener` for the calls."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._loop = proxy.loop
        self._clients: OrderedDict[Address, _Client] = OrderedDict()  # the one silent for longest first
        self._up, self._down = (Stage(proxy.loop, self._chance, self._is_there) for _ in range(2))
        self._sweep: Timer | None = None
        self._socket: socket.socket | None = None

    def start(self, listen: str) -> str:
        self._socket, address = bind(listen, socket.SOCK_DGRAM)
        self._loop.register(self._socket.fileno(), IN, self._from_clients)
        return address

    def stop(self) -> None:
        self.drop()
        if self._socket:
            self._loop.unregister(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def drop(self) -> None:
        self._up.clear()
        self._down.clear()
        while self._clients:
            self._forget(next(iter(self._clients.values())))
        if self._sweep:
            self._sweep.cancel()
            self._sweep = None

    def toxic_added(self, toxic: Toxic) -> None:
        """Nothing to do: each datagram looks at the toxics that there are when it comes."""

    def toxic_changed(self, toxic: Toxic, *, rolled: bool) -> None:
        self._stage(toxic.stream).changed(toxic)

    def toxic_removed(self, toxic: Toxic) -> None:
        self._stage(toxic.stream).removed(toxic)

    def _chance(self, toxic: Toxic) -> Random:
        return self._proxy.random("udp", toxic.name)

    def _is_there(self, toxic: Toxic) -> bool:
        return toxic in self._proxy.toxics

    def _stage(self, stream: str) -> Stage:
        return self._up if stream == "upstream" else self._down

    def _from_clients(self, events: int) -> None:
        for _ in range(_AT_ONCE):
            if self._socket is None:
                return
            try:
                data, address = self._socket.recvfrom(_LARGEST)
            except BlockingIOError:
                return
            except OSError:
                continue  # "port unreachable" of a client that is gone, told to us
            self._proxy.traffic.upstream.received += len(data)
            self._pass(data, "upstream", address, partial(self._to_server, address))

    def _pass(self, data: bytes, stream: str, client: Address, deliver: Callable[[bytes], object]) -> None:
        if not self._proxy.toxics:
            deliver(data)
            return
        toxics = tuple(self._proxy.toxics_for(client[0], stream))
        self._stage(stream).send(data, toxics, deliver)

    def _to_server(self, address: Address, data: bytes) -> None:
        client = self._clients.get(address) or self._meet(address)
        if client.gone:
            return  # the upstream could not be reached: lost
        self._touch(client)
        if client.socket is None:
            client.early.append(data)
            del client.early[:-MOST_EARLY]
        else:
            self._send(client.socket, data)

    def _send(self, end: socket.socket, data: bytes) -> None:
        for _ in range(2):
            try:
                end.send(data)
            except ConnectionRefusedError:
                self._proxy.traffic.failed += (
                    1  # told of an earlier datagram; this one has not been tried yet
                )
            except OSError:
                return  # its buffer is full: lost, as UDP may
            else:
                self._proxy.traffic.upstream.sent += len(data)
                return

    def _meet(self, address: Address) -> _Client:
        """A client not heard of, or not for a while."""
        if len(self._clients) >= MOST_CLIENTS:
            self._forget(next(iter(self._clients.values())))
        client = self._clients[address] = _Client(address, self._loop.now())
        self._proxy.traffic.total += 1
        self._proxy.traffic.open += 1
        self._reach(client)
        if self._sweep is None:
            self._sweep = self._loop.call_at(client.used + IDLE_S * 1_000_000_000, self._forget_the_silent)
        return client

    def _reach(self, client: _Client) -> None:
        """Connect to the upstream: at once to a numeric address, else when its name has been looked up."""
        try:
            host, port = split(self._proxy.upstream, what="upstream")
        except ValueError as error:
            self._reached(client, OSError(str(error)))
            return

        def look_up() -> list[tuple[int, tuple[str, int]]]:
            return resolve(host or "127.0.0.1", port, socket.SOCK_DGRAM)

        if not host or numeric(host):
            self._reached(client, look_up())
        else:
            self._loop.in_thread(look_up, lambda found: self._reached(client, found))

    def _reached(self, client: _Client, found: list[tuple[int, tuple[str, int]]] | OSError) -> None:
        if client.gone:
            return
        end = None if isinstance(found, OSError) else _connected(*found[0])
        if end is None:
            self._proxy.traffic.failed += 1
            self._forget(client)
            return
        client.socket = end
        self._loop.register(end.fileno(), IN, lambda events: self._from_server(client))
        for data in client.early:
            self._send(end, data)
        client.early.clear()

    def _from_server(self, client: _Client) -> None:
        for _ in range(_AT_ONCE):
            if client.socket is None:
                return
            try:
                data = client.socket.recv(_LARGEST)
            except BlockingIOError:
                return
            except OSError:
                self._proxy.traffic.failed += 1  # "port unreachable": the upstream is dead
                return
            self._touch(client)
            self._proxy.traffic.downstream.received += len(data)
            self._pass(data, "downstream", client.address, partial(self._to_client, client.address))

    def _to_client(self, address: Address, data: bytes) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(data, address)
        except OSError:
            return  # the client is gone, or its buffer is full: lost, as UDP may
        self._proxy.traffic.downstream.sent += len(data)

    def _touch(self, client: _Client) -> None:
        client.used = self._loop.now()
        self._clients.move_to_end(client.address)

    def _forget_the_silent(self) -> None:
        """One timer for all: it comes again when the next one would be silent for long enough."""
        self._sweep = None
        limit = self._loop.now() - IDLE_S * 1_000_000_000
        while self._clients:
            oldest = next(iter(self._clients.values()))
            if oldest.used > limit:
                self._sweep = self._loop.call_at(
                    oldest.used + IDLE_S * 1_000_000_000, self._forget_the_silent
                )
                return
            self._forget(oldest)

    def _forget(self, client: _Client) -> None:
        client.gone = True
        del self._clients[client.address]
        self._proxy.traffic.open -= 1
        if client.socket is not None:
            self._loop.unregister(client.socket.fileno())
            client.socket.close()
            client.socket = None


def _connected(family: int, address: tuple[str, int]) -> socket.socket | None:
    """A socket that sends there; None where no way leads there, or no descriptor is to spare."""
    try:
        end = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    except OSError:
        return None
    try:
        if not scarce(end.fileno()):
            end.connect(address)
            return end
    except OSError:
        pass  # no way leads there: as without a descriptor
    end.close()
    return None
