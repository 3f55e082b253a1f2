"""Half of a round-robin is dead: every other try fails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.faults.dns.asking import addresses_probe
from blackstart.faults.dns.folders import LoopbackAddress, host_name
from blackstart.faults.dns.records import RecordFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blackstart.faults.dns.records import Key
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.programs.dns_zone import Zone
    from blackstart.replica.programs.dnsclient import Record

__all__ = ["DnsHalfDead"]


class DnsHalfDead(RecordFault):
    """Give the service's host a second address where nothing answers, as a node that died and stayed in its name."""

    name: ClassVar[str] = "dns.half-dead"
    summary: ClassVar[str] = (
        "a service's name has a second address where nothing answers: every other try fails"
    )
    seen: ClassVar[str] = (
        "every other connection to the service is refused, every other deploy fails, and trying again helps; resolve NAME shows two addresses"
    )
    fix: ClassVar[str] = "take the dead address out: zone remove NAME A ADDRESS; then cache flush"
    turns_red: ClassVar[str] = "{target}-{service}-addresses"

    address: LoopbackAddress = Field(
        default="127.0.0.9", description="the second address; nothing answers there"
    )

    def broken(self, zone: Zone) -> Mapping[Key, Sequence[Record]]:
        name = host_name(self.service)
        there = zone.find(name, "A")
        return {(name, "A"): [*there, *(replace(record, value=self.address) for record in there[:1])]}

    def probe(self, replica: Replica, target: str) -> Probe:
        """It tries every address that the name has, for one that works hides one that does not."""
        return addresses_probe(self.probe_name(target, ""), replica, target, self.service)
