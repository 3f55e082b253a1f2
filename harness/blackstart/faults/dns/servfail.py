"""A server cannot answer for a name, although it is there: SERVFAIL."""

from __future__ import annotations

from typing import ClassVar

from blackstart.faults.dns.rules import RuleFault
from blackstart.replica.programs.dns_policy import Rule

__all__ = ["DnsServfail"]


class DnsServfail(RuleFault):
    """As with a zone that expired, or signatures that do not match. Nobody keeps this answer."""

    name: ClassVar[str] = "dns.servfail"
    summary: ClassVar[str] = "a DNS server answers SERVFAIL for a service's name, or for all"
    seen: ClassVar[str] = (
        "SERVFAIL; on the authority, clients of the resolver see it once its copy has run out, half a minute at most"
    )
    fix: ClassVar[str] = "take the rule out of the server's policy: policy show, policy remove SERVER NAME"

    def rule(self) -> Rule:
        return Rule(self.names(), "SERVFAIL")
