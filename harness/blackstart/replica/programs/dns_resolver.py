"""The caching resolver: asks the one authority, and keeps what it said. Runs over Twisted Names (dns_server.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet import defer, reactor
from twisted.names import client, dns

from blackstart.replica.programs.dns_answers import Header, Reply
from blackstart.replica.programs.dns_watched import Watched

__all__ = ["Forwarder"]


@dataclass
class Cached:
    """A reply with the moment it was got; each record may be used for its own TTL."""

    reply: Reply
    at: float
    ttl: int = field(init=False)

    def __post_init__(self) -> None:
        self.ttl = lifetime(self.reply)

    def aged(self, now: float) -> Reply | None:
        """The reply with what is left of its TTLs; None once its time is over."""
        age = int(now - self.at)
        if age >= self.ttl:
            return None
        reply = self.reply
        return Reply(
            reply.rcode, _aged(reply.answers, age), _aged(reply.authority, age), _aged(reply.additional, age)
        )


def lifetime(reply: Reply) -> int:
    """Seconds that a reply may be kept: its least TTL; for a "no", the SOA's (RFC 2308, section 5)."""
    if reply.rcode not in (dns.OK, dns.ENAME):
        return 0
    kept = [h.ttl for h in reply.answers]
    if not kept:
        kept = [min(h.ttl, h.payload.minimum) for h in reply.authority if h.type == dns.SOA]
    return int(min(kept, default=0))


def _aged(headers: Sequence[Header], age: int) -> list[Header]:
    return [dns.RRHeader(h.name.name, h.type, h.cls, max(0, h.ttl - age), h.payload) for h in headers]


class Upstream(client.Resolver):  # type: ignore[misc] # Twisted is not in the environment that checks types
    """Asks one server, from one address of our own."""

    def __init__(self, server: tuple[str, int], source: str) -> None:
        super().__init__(servers=[server])
        self._source = source

    def _connectedProtocol(self, interface: str = "") -> Any:
        return super()._connectedProtocol(interface or self._source)

    def queryTCP(self, queries: Any, timeout: float = 1.0) -> Any:
        if self.connections:
            return self.connections[0].query(queries, timeout)
        waiting: Any = defer.Deferred()
        self.pending.append((waiting, queries, timeout))
        reactor.connectTCP(*self.servers[0], self.factory, timeout, (self._source, 0))
        return waiting


class Forwarder:
    """Asks the authority, and keeps what it said for as long as it may, or until it is told to forget."""

    def __init__(self, upstream: Upstream, now: Callable[[], float], flush: Path) -> None:
        self._upstream = upstream
        self._now = now
        self._cache: dict[tuple[bytes, int], Cached] = {}
        self._flush = Watched(flush, Path.read_text, "")
        self._flushed = self._flush.now()

    def reply_to(self, question: Any) -> Any:
        self._forget_if_told()
        key = (question.name.name.lower(), question.type)
        cached = self._cache.get(key)
        if cached is not None and (aged := cached.aged(self._now())) is not None:
            return aged
        self._cache.pop(key, None)
        return self._ask(question).addCallback(self._keep, key, self._flushed)

    def nothing(self, rcode: int, ttl: int = 0) -> Reply:
        """A "no" of its own making: it has no SOA, so nobody keeps it."""
        return Reply(rcode)

    def _forget_if_told(self) -> None:
        told = self._flush.now()
        if told != self._flushed:
            self._flushed = told
            self._cache.clear()

    def _ask(self, question: Any) -> Any:
        # Two tries and 1.2 s in all: a probe must hear of the failure within its own 2 s.
        asked = self._upstream.queryUDP([question], (0.4, 0.8))
        return asked.addCallback(lambda m: self._upstream.queryTCP([question], 1.0) if m.trunc else m)

    def _keep(self, message: Any, key: tuple[bytes, int], asked_under: str) -> Reply:
        reply = Reply(message.rCode, message.answers, message.authority, message.additional)
        cached = Cached(reply, self._now())
        self._forget_if_told()
        if cached.ttl > 0 and asked_under == self._flushed:  # what was asked before a flush may be old
            self._cache[key] = cached
        return reply
