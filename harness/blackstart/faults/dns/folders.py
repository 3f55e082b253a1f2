"""Where the DNS servers' files are, in the replica and in an undo.

Healing writes files only: the embedded servers look at them at each question, and a CoreDNS is told by what lies in
its folder too. So it works in any process, while a server is paused, and before it is started again.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, runtime_checkable

from pydantic import AfterValidator

from blackstart.errors import ReplicaError
from blackstart.faults.base import Move
from blackstart.replica.layout import HOST, ZONE
from blackstart.replica.programs.dns_cache import flush
from blackstart.replica.programs.dns_zone import ZoneFolder

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica
    from blackstart.replica.layout import Address
    from blackstart.replica.programs.dns_zone import Zone
    from blackstart.replica.site import Site

__all__ = [
    "LoopbackAddress",
    "ServiceName",
    "address_of",
    "authority_of",
    "copies_run_out",
    "folder_of",
    "forget",
    "host_name",
    "longest_ttl",
    "named",
    "of_kind",
    "service_name",
    "zone_in",
    "zone_of",
]

ServiceName = Literal["vault", "registry", "payments", "orders", "search"]
"""Every service that the local replica's zone publishes (`replica.site`)."""


def _unused_loopback(address: str) -> str:
    parsed = ip_address(address)
    if not parsed.is_loopback or parsed.version != 4 or address == HOST or address.startswith("127.0.1."):
        raise ValueError(f"it must be one of 127.0.0.0/8 that nothing uses: not {HOST}, not 127.0.1.x")
    return str(parsed)


LoopbackAddress = Annotated[str, AfterValidator(_unused_loopback)]
"""An address on this machine where nothing of the replica is; its clients call from 127.0.1.x."""


def service_name(service: str) -> str:
    """Where its SRV record is."""
    return f"_{service}._tcp.{ZONE}"


def host_name(service: str) -> str:
    """Where its addresses are."""
    return f"{service}.{ZONE}"


@runtime_checkable
class _HasFolders(Protocol):
    def data(self, component: str) -> Path: ...


def folder_of(replica: Replica, component: str) -> Path:
    """A server's folder. ReplicaError for a replica whose components have none."""
    if not isinstance(replica, _HasFolders):
        raise ReplicaError(
            f"the replica {replica.name} has no folder for {component}: what it answers cannot be changed"
        )
    return replica.data(component)


def zone_of(replica: Replica, target: str) -> ZoneFolder:
    """An authority's zone. ReplicaError when it has none."""
    zone = ZoneFolder(folder_of(replica, target))
    if not zone.exists():
        raise ReplicaError(f"{target} has no zone at {zone.file}: its names cannot be broken")
    return zone


def authority_of(replica: Replica) -> str:
    """The name of the authority. ReplicaError when the replica has none."""
    found = of_kind(replica, "dns")
    if not found:
        raise ReplicaError(f"the replica {replica.name} has no authority that a resolver could ask")
    return found[0]


def of_kind(replica: Replica, kind: str) -> list[str]:
    return [name for name, component in replica.components().items() if component.kind == kind]


def address_of(replica: Replica, component: str) -> Address:
    host, _, port = replica.components()[component].endpoint.rpartition(":")
    return host, int(port)


@runtime_checkable
class _Sited(Protocol):
    @property
    def site(self) -> Site: ...


def named(replica: Replica, service: str) -> Address:
    """What the zone says of a service: where its clients find it, which may be an address inside the replica only."""
    inside = replica.site.inside if isinstance(replica, _Sited) else {}
    return inside.get(service) or address_of(replica, service)


def copies_run_out(undo: Undo) -> Move:
    """The end of what the resolvers kept from before: in drill time, for their own clocks know of no jumps."""
    return Move(float(undo["ttl"]), "the resolvers' copies have run out", lambda: forget(undo))


def longest_ttl(zone: Zone, service: str) -> int:
    """For how many seconds a resolver may say of a service, or of "all", what it was told before."""
    names = (service_name(service), host_name(service))
    return max((record.ttl for record in zone.records if service == "all" or record.name in names), default=0)


def zone_in(undo: Undo) -> ZoneFolder | None:
    """The zone that a fault noted; None when it was thrown away with its replica."""
    zone = ZoneFolder(Path(str(undo["folder"])))
    return zone if zone.exists() else None


def forget(undo: Undo) -> None:
    """Have the resolvers forget what they kept of a broken zone, so that nothing of it outlives the healing.

    ReplicaError when one cannot be told.
    """
    for folder in map(Path, undo["resolvers"]):
        try:
            if folder.is_dir():
                flush(folder)
        except (OSError, ValueError) as error:
            raise ReplicaError(f"the resolver at {folder} cannot be made to forget: {error}") from error
