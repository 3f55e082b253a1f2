"""A DNS server takes its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, model_validator

from blackstart.faults.dns.asking import speed_probe
from blackstart.faults.dns.folders import ServiceName
from blackstart.faults.dns.rules import RuleFault
from blackstart.replica.programs.dns_policy import Rule
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["DnsSlow"]


class DnsSlow(RuleFault):
    """The server holds its answers back, over UDP and TCP alike, as one that is overloaded.

    On the embedded replica only: CoreDNS has no plugin that holds a true answer back. `network.latency` on the same
    target delays all of its answers, on any replica.
    """

    name: ClassVar[str] = "dns.slow"
    summary: ClassVar[str] = "a DNS server holds its answers back"
    replicas: ClassVar[tuple[str, ...]] = ("local",)
    turns_red: ClassVar[str] = "{target}-speed"
    seen: ClassVar[str] = (
        "everything that begins with a name is slow; the resolver gives up on its authority after 1.2 s and then "
        "says SERVFAIL for what it has not kept"
    )
    fix: ClassVar[str] = "take the rule out of the server's policy: policy show, policy remove SERVER NAME"
    holds: ClassVar[tuple[str, ...]] = ("{target}/speed",)
    grows_by: ClassVar[tuple[str, ...]] = ("delay",)

    service: ServiceName | Literal["all"] = Field(
        default="all", description="whose name is slow, or all names"
    )
    delay: Duration = Field(default=1.0, gt=0, le=60, description="how long an answer is held back")
    limit: Duration = Field(
        default=0.3, gt=0, lt=2, description="the probe is red when an answer takes longer than this"
    )

    @model_validator(mode="after")
    def _seen(self) -> DnsSlow:
        if self.limit >= self.delay:
            raise ValueError("the limit must be shorter than the delay, or no probe would see it")
        return self

    def rule(self) -> Rule:
        return Rule(self.names(), "DELAY", delay_ms=max(1, round(self.delay * 1000)))

    def resources(self, target: str) -> frozenset[str]:
        return frozenset([f"{target}/speed"])

    def probe(self, replica: Replica, target: str) -> Probe:
        return speed_probe(self.probe_name(target, ""), replica, target, self.asked(), self.limit)
