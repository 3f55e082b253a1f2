"""A name is there and has nothing: NOERROR without answers, which many programs take for success."""

from __future__ import annotations

from typing import ClassVar

from blackstart.faults.dns.rules import RuleFault
from blackstart.replica.programs.dns_policy import Rule

__all__ = ["DnsEmpty"]


class DnsEmpty(RuleFault):
    """As when a record of another type was left under the name. Resolvers keep it, as any "no"."""

    name: ClassVar[str] = "dns.empty"
    summary: ClassVar[str] = (
        "a DNS server answers NOERROR without any record for a service's name, or for all"
    )
    seen: ClassVar[str] = (
        "no error, and no answer either; on the authority, clients of the resolver see it once its copy has run out"
    )
    fix: ClassVar[str] = (
        "take the rule out of the server's policy: policy show, policy remove SERVER NAME; then cache flush"
    )

    def rule(self) -> Rule:
        return Rule(self.names(), "EMPTY")
