"""Faults in how long a service's records may be kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from blackstart.faults.dns.asking import LEAST_TTL_S, MOST_TTL_S, ttl_probe
from blackstart.faults.dns.folders import host_name, service_name
from blackstart.faults.dns.records import RecordFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blackstart.faults.dns.records import Key
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.programs.dns_zone import Zone
    from blackstart.replica.programs.dnsclient import Record

__all__ = ["TtlFault"]


class TtlFault(RecordFault):
    """The records say what they said, but for another time. Its probe asks the authority and every resolver."""

    turns_red: ClassVar[str] = "{target}-{service}-ttl"
    ttl_s: ClassVar[int]

    def broken(self, zone: Zone) -> Mapping[Key, Sequence[Record]]:
        found = (*zone.find(service_name(self.service)), *zone.find(host_name(self.service)))
        keys = {(record.name, record.type) for record in found}
        return {key: [replace(record, ttl=self.ttl_s) for record in zone.find(*key)] for key in sorted(keys)}

    def whole(self, now: Sequence[Record], before: Sequence[Record]) -> bool:
        """Any TTL within the policy will do, but there must be records."""
        return bool(now) and all(LEAST_TTL_S <= record.ttl <= MOST_TTL_S for record in now)

    def probe(self, replica: Replica, target: str) -> Probe:
        return ttl_probe(self.probe_name(target, ""), replica, target, self.service)
