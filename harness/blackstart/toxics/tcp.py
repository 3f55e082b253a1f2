"""The listener of TCP proxies: accept, connect to the upstream without waiting for it, and tell links of toxics."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Final

from blackstart.toxics.connection import Connection, close_gently
from blackstart.toxics.dial import Dial, Upstream
from blackstart.toxics.listening import Acceptor, bind
from blackstart.toxics.pipes import Pipes

if TYPE_CHECKING:
    from blackstart.toxics.model import Toxic
    from blackstart.toxics.proxy import Proxy

__all__ = ["TcpListener"]

_PIPES: Final = Pipes()
"""Shared by every proxy of the process."""


class TcpListener:
    """Serves one TCP proxy. For a protocol above TCP override `fit`."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.loop = proxy.loop
        self._acceptor: Acceptor | None = None
        self._upstream = Upstream(self.loop)
        self._dials: dict[Dial, socket.socket] = {}
        self.connections: set[Connection] = set()

    def fit(self, connection: Connection) -> None:
        """Called for a connection that is up, and whenever its toxics may have changed."""

    def start(self, listen: str) -> str:
        sock, address = bind(listen, socket.SOCK_STREAM)
        self._acceptor = Acceptor(self.loop, sock, self._accepted)
        return address

    def stop(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None
        self.drop()

    def drop(self) -> None:
        for connection in list(self.connections):
            connection.close()
        for dial, client in list(self._dials.items()):
            dial.cancel()
            close_gently(client)
        self._dials.clear()

    def toxic_added(self, toxic: Toxic) -> None:
        for connection in list(self.connections):
            connection.admit(toxic)
            self._fit(connection)

    def toxic_changed(self, toxic: Toxic, *, rolled: bool) -> None:
        for connection in list(self.connections):
            if rolled:
                connection.admit(toxic)
            if not connection.closed:
                connection.link(toxic.stream).update(toxic)
            self._fit(connection)

    def toxic_removed(self, toxic: Toxic) -> None:
        for connection in list(self.connections):
            connection.link(toxic.stream).remove(toxic)
            self._fit(connection)

    def _fit(self, connection: Connection) -> None:
        if not connection.closed:
            self.fit(connection)

    def _accepted(self, client: socket.socket, address: Any) -> None:
        self.proxy.traffic.total += 1
        dial = Dial(self.loop, self._upstream, self.proxy.upstream)
        self._dials[dial] = client
        dial.start(lambda server: self._connected(dial, client, address[0], server))

    def _connected(
        self, dial: Dial, client: socket.socket, address: str, server: socket.socket | None
    ) -> None:
        del self._dials[dial]
        if server is None:
            self.proxy.traffic.failed += 1
            close_gently(client)
            return
        connection = Connection(self.proxy, _PIPES, client, server, address, self._gone)
        self.connections.add(connection)
        self.proxy.traffic.open += 1
        connection.watch()
        for toxic in list(self.proxy.toxics):
            connection.admit(toxic)
        self._fit(connection)

    def _gone(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self.proxy.traffic.open -= 1
