"""The replica's DNS: an authority for one zone, or a caching resolver that asks only that authority.

    dns_server.py authority --port P --zone zone.json     answers with AA
    dns_server.py resolver  --port P --upstream HOST:PORT [--source ADDRESS]
                                                          honours TTLs, caches "no" by the SOA (RFC 2308)

UDP and TCP on 127.0.0.1. Files in the folder it runs in are looked at again at each question: the zone, a copy of
it that is held (dns_zone.py), the policy of answers (dns_policy.py), what a resolver is told (dns_cache.py). SIGHUP
does nothing more. Runs under the Python of the `names` tool environment, over Twisted Names.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# For our own modules; last, so that it hides nothing of Twisted's.
sys.path.append(str(Path(__file__).parents[3]))

from twisted.internet import defer, reactor
from twisted.names import dns, server

from blackstart.replica.programs.dns_answers import Policed, Reply
from blackstart.replica.programs.dns_authority import Authority
from blackstart.replica.programs.dns_cache import AHEAD, FLUSH, seconds_ahead
from blackstart.replica.programs.dns_policy import POLICY_FILE
from blackstart.replica.programs.dns_resolver import Forwarder, Upstream
from blackstart.replica.programs.dns_watched import Watched


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
    resolver.add_argument("--source", default="127.0.0.1")
    for mode in (authority, resolver):
        mode.add_argument("--port", type=int, required=True)
    return parser.parse_args(argv)


def answering(asked: argparse.Namespace) -> Factory:
    """The server that was asked for; it runs in its own folder."""
    if asked.mode == "authority":
        authority = Authority(asked.zone)
        signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(authority.look))
        policed = Policed(asked.zone.with_name(POLICY_FILE), authority.reply_to, authority.nothing)
    else:
        host, _, port = asked.upstream.rpartition(":")
        ahead = Watched(Path(AHEAD), seconds_ahead, 0.0, tell=False)
        upstream = Upstream((host, int(port)), asked.source)
        forwarder = Forwarder(upstream, lambda: reactor.seconds() + ahead.now(), Path(FLUSH))
        policed = Policed(Path(POLICY_FILE), forwarder.reply_to, forwarder.nothing)
    return Factory(policed.reply_to, recursive=asked.mode == "resolver")


def main(argv: Sequence[str]) -> None:
    asked = arguments(argv)
    serve(answering(asked), asked.port)
    reactor.run()


if __name__ == "__main__":
    main(sys.argv[1:])
