"""The authority serves an older copy of the zone: what was published since does not arrive."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Move, Undo
from blackstart.faults.dns.asking import serial_probe
from blackstart.faults.dns.folders import (
    LoopbackAddress,
    ServiceName,
    copies_run_out,
    folder_of,
    forget,
    host_name,
    longest_ttl,
    of_kind,
    zone_in,
    zone_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.programs.dns_zone import Zone

__all__ = ["DnsStaleZone"]


class DnsStaleZone(Fault):
    """Have the authority serve the zone as it was before a service moved, with the serial of then.

    As with a secondary whose transfers fail. Whatever people publish changes nothing that is served.
    """

    name: ClassVar[str] = "dns.stale-zone"
    summary: ClassVar[str] = "the authority serves an older copy of the zone, and takes no update"
    kinds: ClassVar[tuple[str, ...]] = ("dns",)
    ours_only: ClassVar[bool] = True
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    turns_red: ClassVar[str] = "{target}-serial"
    seen: ClassVar[str] = (
        "a service is said to be at an old address; the zone that is published is right, and zone serial shows "
        "that another serial is served"
    )
    fix: ClassVar[str] = "have the authority take the zone that is published: zone reload; then cache flush"
    undone: ClassVar[str] = "removes the old copy, so that the authority takes the published zone"
    holds: ClassVar[tuple[str, ...]] = ("{target}/copy",)

    service: ServiceName = Field(default="vault", description="which service is elsewhere in the older copy")
    address: LoopbackAddress = Field(default="127.0.0.9", description="where it is in the older copy")

    def prepare(self, replica: Replica, target: str) -> Undo:
        zone = zone_of(replica, target)
        if zone.held.exists():
            raise ReplicaError(
                f"{target} serves a copy of its zone already, {zone.held}: it is stale before the fault",
                hint="zone reload lets go of it",
            )
        resolvers = [str(folder_of(replica, name)) for name in of_kind(replica, "resolver")]
        ttl = longest_ttl(zone.read(), self.service)
        return {"folder": str(zone.folder), "resolvers": resolvers, "ttl": ttl}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        folder = zone_of(replica, target)
        try:
            folder.hold(self._older(folder.read()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReplicaError(f"no older copy of the zone of {target} can be made: {error}") from error

    def _older(self, zone: Zone) -> Zone:
        name = host_name(self.service)
        moved = [replace(record, value=self.address) for record in zone.find(name, "A")]
        return zone.with_rrset(name, "A", moved).with_serial(zone.serial - 1)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Let go of the copy. ReplicaError when its file cannot be removed."""
        zone = zone_in(undo)
        if zone is None:
            return
        try:
            zone.release()
            forget(undo)
        except OSError as error:
            raise ReplicaError(f"{target} cannot let go of the older copy of its zone: {error}") from error

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        zone = zone_in(undo)
        return zone is None or not zone.held.exists()

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        return [copies_run_out(undo)]

    def probe(self, replica: Replica, target: str) -> Probe:
        return serial_probe(self.probe_name(target, ""), replica, target)
