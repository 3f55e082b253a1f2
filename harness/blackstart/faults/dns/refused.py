"""A server does not want to answer: REFUSED, as for those whom its access list leaves out."""

from __future__ import annotations

from typing import ClassVar

from blackstart.faults.dns.rules import RuleFault
from blackstart.replica.programs.dns_policy import Rule

__all__ = ["DnsRefused"]


class DnsRefused(RuleFault):
    """As after a change of the access list that forgot somebody. Nobody keeps this answer."""

    name: ClassVar[str] = "dns.refused"
    summary: ClassVar[str] = "a DNS server answers REFUSED for a service's name, or for all"
    seen: ClassVar[str] = (
        "REFUSED; on the authority, clients of the resolver see it once its copy has run out, half a minute at most"
    )
    fix: ClassVar[str] = "take the rule out of the server's policy: policy show, policy remove SERVER NAME"

    def rule(self) -> Rule:
        return Rule(self.names(), "REFUSED")
