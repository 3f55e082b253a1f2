"""The listener of HTTP proxies: TCP, and a stage in each connection that a toxic of HTTP is for."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from blackstart.toxics import http_status
from blackstart.toxics.http_stage import HttpStage
from blackstart.toxics.loop import MS
from blackstart.toxics.tcp import TcpListener

if TYPE_CHECKING:
    from collections.abc import Callable

    from blackstart.toxics.connection import Connection
    from blackstart.toxics.http_messages import Head
    from blackstart.toxics.model import Attributes, Toxic
    from blackstart.toxics.proxy import Proxy

__all__ = ["HttpListener"]


@dataclass
class _Tally:
    """What a toxic remembers over all connections: how many requests were for it, and its chance."""

    chance: Random
    matched: int = 0


@dataclass(frozen=True)
class _Verdict:
    """Made for one request: by whom it is delayed, and what is answered if it is not to go on."""

    head: Head
    delaying: tuple[Toxic, ...]
    said: Attributes | None
    there: Callable[[Toxic], bool]

    def delay_ns(self) -> int:
        delay_ms: int = sum(one.attributes["delay"] for one in self.delaying if self.there(one))
        return delay_ms * MS

    def answer(self, *, close: bool) -> bytes | None:
        return None if self.said is None else http_status.answer(self.said, self.head, close=close)


class HttpListener(TcpListener):
    """Serves one HTTP proxy. A connection that no toxic of HTTP is for is a TCP connection."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(proxy)
        self._known: set[Connection] = set()
        self._stages: dict[Connection, HttpStage] = {}
        self._tallies: dict[Toxic, _Tally] = {}

    def fit(self, connection: Connection) -> None:
        fresh = connection not in self._known
        self._known.add(connection)
        if not any(toxic.type is http_status.TYPE for toxic in self._toxics_for(connection)):
            if connection.stage is not None:
                self._stages[connection].leave()
        elif connection.stage is None:
            stage = HttpStage(connection, lambda head: self._judge(connection, head), fresh=fresh)
            self._stages[connection] = connection.stage = stage
        else:
            self._stages[connection].stay()

    def toxic_removed(self, toxic: Toxic) -> None:
        self._tallies.pop(toxic, None)
        super().toxic_removed(toxic)

    def _gone(self, connection: Connection) -> None:
        super()._gone(connection)
        self._known.discard(connection)
        self._stages.pop(connection, None)

    def _toxics_for(self, connection: Connection) -> list[Toxic]:
        toxics = self.proxy.toxics_for(connection.client, "downstream")
        return [toxic for toxic in toxics if toxic.type is http_status.TYPE]

    def _judge(self, connection: Connection, head: Head) -> _Verdict | None:
        """The first toxic that answers decides; those before it that only delay add up."""
        delaying: list[Toxic] = []
        for toxic in self._toxics_for(connection):
            if not self._hits(toxic, head):
                continue
            delaying.append(toxic)
            if not toxic.attributes["forward"]:
                return _Verdict(head, tuple(delaying), toxic.attributes, self._is_there)
        return _Verdict(head, tuple(delaying), None, self._is_there) if delaying else None

    def _hits(self, toxic: Toxic, head: Head) -> bool:
        if not http_status.matches(toxic.attributes, head):
            return False
        tally = self._tallies.get(toxic)
        if tally is None:
            tally = self._tallies[toxic] = _Tally(self.proxy.random("http", toxic.name))
        tally.matched += 1
        if tally.matched % toxic.attributes["every"]:
            return False
        return toxic.toxicity >= 1 or tally.chance.random() < toxic.toxicity

    def _is_there(self, toxic: Toxic) -> bool:
        return toxic in self.proxy.toxics
