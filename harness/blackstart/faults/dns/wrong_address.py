"""A service's name leads to an address where it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.faults.dns.folders import LoopbackAddress, host_name
from blackstart.faults.dns.records import RecordFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blackstart.faults.dns.records import Key
    from blackstart.replica.programs.dns_zone import Zone
    from blackstart.replica.programs.dnsclient import Record

__all__ = ["DnsWrongAddress"]


class DnsWrongAddress(RecordFault):
    """Give the service's host another address, as after a move that was called off."""

    name: ClassVar[str] = "dns.wrong-address"
    summary: ClassVar[str] = "a service's name has a wrong address: everybody is sent where nothing answers"
    seen: ClassVar[str] = (
        "names resolve, and connections to what they lead to are refused; the service itself is well"
    )
    fix: ClassVar[str] = "publish the right address: zone history, zone set NAME A ADDRESS; then cache flush"

    address: LoopbackAddress = Field(
        default="127.0.0.9", description="where it is said to be; nothing answers there"
    )

    def broken(self, zone: Zone) -> Mapping[Key, Sequence[Record]]:
        name = host_name(self.service)
        return {(name, "A"): [replace(record, value=self.address) for record in zone.find(name, "A")]}
