"""A service's name is gone from the zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.faults.dns.folders import service_name
from blackstart.faults.dns.records import RecordFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blackstart.faults.dns.records import Key
    from blackstart.replica.programs.dns_zone import Zone
    from blackstart.replica.programs.dnsclient import Record

__all__ = ["DnsNxdomain"]


class DnsNxdomain(RecordFault):
    """Take every record of the service's name out of the zone, as a clean-up that went too far."""

    name: ClassVar[str] = "dns.nxdomain"
    summary: ClassVar[str] = "a service's name is gone from the zone: NXDOMAIN"
    seen: ClassVar[str] = (
        "NXDOMAIN from the authority at once; from the resolver once its copy runs out, half a minute at most; then nobody finds the service, and deploys fail"
    )
    fix: ClassVar[str] = "publish the record again: zone history, zone rollback SERIAL; then cache flush"

    def broken(self, zone: Zone) -> Mapping[Key, Sequence[Record]]:
        name = service_name(self.service)
        return {(name, type_): () for type_ in ("SRV", *sorted(zone.types(name) - {"SRV"}))}
