"""What both DNS servers answer with: replies, the policy that comes before them, and turns within a round-robin.

Runs under the Python of the `names` tool environment, over Twisted Names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet import defer, reactor, task
from twisted.names import dns

from blackstart.replica.programs.dns_policy import EVERY_NAME, VERSION, Rule, read_rules
from blackstart.replica.programs.dns_watched import Watched

__all__ = ["Header", "Policed", "Reply"]

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


RCODES = {"NXDOMAIN": dns.ENAME, "EMPTY": dns.OK, "SERVFAIL": dns.ESERVER, "REFUSED": dns.EREFUSED}


class Policed:
    """Answers as the policy says, and otherwise as `reply_to` does, each time in another order.

    A question for `VERSION` is answered whatever the policy is: that is how one sees that the server is in service.

    `reply_to` gives a Reply or a Deferred of one. `nothing` makes a negative reply with that rcode, which may be
    kept for so many seconds (0: as usual).
    """

    def __init__(
        self, policy: Path, reply_to: Callable[[Any], Any], nothing: Callable[[int, int], Reply]
    ) -> None:
        self._rules = Watched[tuple[Rule, ...]](policy, read_rules, ())
        self._reply_to = reply_to
        self._nothing = nothing
        self._turn = count()

    def reply_to(self, question: Any) -> Any:
        name = question.name.name.decode("ascii", "replace").lower()
        if name == VERSION:
            return Reply(dns.OK, [_version()])
        rules = [rule for rule in self._rules.now() if rule.name in (name, EVERY_NAME)]
        delay_s = max((rule.delay_ms for rule in rules if rule.action == "DELAY"), default=0) / 1000
        if delay_s:
            return task.deferLater(reactor, delay_s, self._at_once, question, rules)
        return self._at_once(question, rules)

    def _at_once(self, question: Any, rules: Sequence[Rule]) -> Any:
        for rule in rules:
            if rule.action in ("SERVFAIL", "REFUSED"):
                return Reply(RCODES[rule.action])
            if rule.action in RCODES:
                return self._nothing(RCODES[rule.action], rule.ttl)
        return defer.maybeDeferred(self._reply_to, question).addCallback(self._turned)

    def _turned(self, reply: Reply) -> Reply:
        """Each record of a round-robin comes first in its turn."""
        turn = next(self._turn)
        return replace(
            reply, answers=_turned(reply.answers, turn), additional=_turned(reply.additional, turn)
        )


def _version() -> Header:
    return dns.RRHeader(VERSION.encode(), dns.TXT, dns.IN, 0, dns.Record_TXT(b"names", ttl=0))


def _turned(headers: Sequence[Header], turn: int) -> list[Header]:
    at = turn % len(headers) if headers else 0
    return [*headers[at:], *headers[:at]]
