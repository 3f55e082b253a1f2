"""The replica's DNS: an authority for one zone, or a caching resolver that asks only that authority.

    dns_server.py authority --port P --zone zone.json     answers with AA; reads the zone again on SIGHUP
    dns_server.py resolver  --port P --upstream HOST:PORT honours TTLs, caches "no" by the SOA (RFC 2308)

UDP and TCP on 127.0.0.1. Runs under the Python of the `names` tool environment, over Twisted Names.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet import defer, reactor
from twisted.names import client, dns, server

Header = Any
"""A `dns.RRHeader`: Twisted is not in the environment that checks types."""


@dataclass(frozen=True)
class Reply:
    """What to answer to one question."""

    rcode: int
    answers: Sequence[Header] = ()
    authority: Sequence[Header] = ()
    additional: Sequence[Header] = ()
    authoritative: bool = False


class Factory(server.DNSServerFactory):  # type: ignore[misc] # Twisted is not in the environment that checks types
    """Answers each question with what `reply_to` says; SERVFAIL when that fails."""

    def __init__(self, reply_to: Callable[[Any], Any], *, recursive: bool) -> None:
        super().__init__(clients=[object()] if recursive else None)
        self.reply_to = reply_to

    def handleQuery(self, message: Any, protocol: Any, address: Any) -> Any:
        replied = defer.maybeDeferred(self.reply_to, message.queries[0])
        replied.addErrback(self._failed)
        return replied.addCallback(self._send, message, protocol, address)

    def _failed(self, failure: Any) -> Reply:
        print(f"SERVFAIL: {failure.getErrorMessage() or failure.type.__name__}", file=sys.stderr, flush=True)
        return Reply(dns.ESERVER)

    def _send(self, reply: Reply, message: Any, protocol: Any, address: Any) -> None:
        sections = (list(reply.answers), list(reply.authority), list(reply.additional))
        response = self._responseFromMessage(message, reply.rcode, *sections)
        response.auth = reply.authoritative
        self.sendReply(protocol, response, address)


# --- the authority ------------------------------------------------------------------------------


class Authority:
    """Answers for one zone from memory."""

    def __init__(self, zone_file: Path) -> None:
        self._file = zone_file
        self.load()

    def load(self) -> None:
        """Read the zone. A broken file leaves the old zone in force."""
        document = json.loads(self._file.read_text("utf-8"))
        records: dict[bytes, list[Header]] = {}
        for record in document["records"]:
            header = _header(record["name"], record["type"], record["ttl"], record["value"])
            records.setdefault(header.name.name.lower(), []).append(header)
        self.zone = document["zone"].encode().lower()
        self._records = records
        self._soa = next(header for header in records[self.zone] if header.type == dns.SOA)

    def reload(self) -> None:
        try:
            self.load()
            print("zone read again", file=sys.stderr, flush=True)
        except (OSError, ValueError, KeyError, StopIteration) as error:
            print(f"the zone cannot be read, the old one stays: {error}", file=sys.stderr, flush=True)

    def reply_to(self, question: Any) -> Reply:
        name = question.name.name.lower()
        if name != self.zone and not name.endswith(b"." + self.zone):
            return Reply(dns.EREFUSED)
        here = self._records.get(name)
        if here is None:
            known = any(other.endswith(b"." + name) for other in self._records)
            return self._nothing(dns.OK if known else dns.ENAME)
        found = [header for header in here if question.type in (header.type, dns.ALL_RECORDS)]
        if not found:
            return self._nothing(dns.OK)
        return Reply(dns.OK, found, (), self._addresses(found), authoritative=True)

    def _nothing(self, rcode: int) -> Reply:
        return Reply(rcode, (), [self._soa], (), authoritative=True)

    def _addresses(self, found: Sequence[Header]) -> list[Header]:
        """The addresses that whoever asked will want next (RFC 2782: targets; RFC 1034: name servers)."""
        targets: list[bytes] = []
        for header in found:
            if header.type == dns.SRV:
                targets.append(header.payload.target.name.lower())
            elif header.type == dns.NS:
                targets.append(header.payload.name.name.lower())
        return [h for name in dict.fromkeys(targets) for h in self._records.get(name, ()) if h.type == dns.A]


def _header(name: str, type_: str, ttl: int, value: str) -> Header:
    words = value.split()
    makers: dict[str, Callable[[], Any]] = {
        "A": lambda: dns.Record_A(value, ttl),
        "NS": lambda: dns.Record_NS(value, ttl),
        "SRV": lambda: dns.Record_SRV(*map(int, words[:3]), words[3], ttl),
        "SOA": lambda: dns.Record_SOA(words[0], words[1], *map(int, words[2:7]), ttl),
    }
    payload = makers[type_]()
    return dns.RRHeader(name.encode(), payload.TYPE, dns.IN, ttl, payload, auth=True)


# --- the resolver -------------------------------------------------------------------------------


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


class Forwarder:
    """Asks the authority, and keeps what it said for as long as it may."""

    def __init__(self, upstream: tuple[str, int], now: Callable[[], float]) -> None:
        self._upstream = client.Resolver(servers=[upstream])
        self._now = now
        self._cache: dict[tuple[bytes, int], Cached] = {}

    def reply_to(self, question: Any) -> Any:
        key = (question.name.name.lower(), question.type)
        cached = self._cache.get(key)
        if cached is not None and (aged := cached.aged(self._now())) is not None:
            return aged
        self._cache.pop(key, None)
        return self._ask(question).addCallback(self._keep, key)

    def _ask(self, question: Any) -> Any:
        # Two tries and 1.2 s in all: a probe must hear of the failure within its own 2 s.
        asked = self._upstream.queryUDP([question], (0.4, 0.8))
        return asked.addCallback(lambda m: self._upstream.queryTCP([question], 1.0) if m.trunc else m)

    def _keep(self, message: Any, key: tuple[bytes, int]) -> Reply:
        reply = Reply(message.rCode, message.answers, message.authority, message.additional)
        cached = Cached(reply, self._now())
        if cached.ttl > 0:
            self._cache[key] = cached
        return reply


# --- running ------------------------------------------------------------------------------------


def serve(factory: Factory, port: int) -> None:
    reactor.listenUDP(port, dns.DNSDatagramProtocol(factory), interface="127.0.0.1")
    reactor.listenTCP(port, factory, interface="127.0.0.1")
    print(f"listening on 127.0.0.1:{port}", file=sys.stderr, flush=True)


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dns_server.py")
    modes = parser.add_subparsers(dest="mode", required=True)
    authority = modes.add_parser("authority")
    authority.add_argument("--zone", type=Path, required=True)
    resolver = modes.add_parser("resolver")
    resolver.add_argument("--upstream", required=True)
    for mode in (authority, resolver):
        mode.add_argument("--port", type=int, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    asked = arguments(argv)
    if asked.mode == "authority":
        authority = Authority(asked.zone)
        signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(authority.reload))
        factory = Factory(authority.reply_to, recursive=False)
    else:
        host, _, port = asked.upstream.rpartition(":")
        factory = Factory(Forwarder((host, int(port)), reactor.seconds).reply_to, recursive=True)
    serve(factory, asked.port)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1:])
