"""Faults in what a zone says: some of its records are others for a while.

The undo has the records of the names that are touched, and of no others. Healing puts those back in the zone as
it is then, so what people changed elsewhere meanwhile stays; where they mended it themselves, nothing is done.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Move, Undo
from blackstart.faults.dns.asking import service_probe
from blackstart.faults.dns.folders import (
    ServiceName,
    copies_run_out,
    folder_of,
    forget,
    longest_ttl,
    of_kind,
    zone_in,
    zone_of,
)
from blackstart.replica.programs.dnsclient import Record

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.programs.dns_zone import Zone

__all__ = ["Key", "RecordFault", "at"]

Key = tuple[str, str]
"""A whole name and a type: records are replaced together, never one of several."""


class RecordFault(Fault):
    """Puts other records in the place of a service's own. Clients of a resolver see it as its cache runs out."""

    undone: ClassVar[str] = "puts back the records that are not as they were"
    kinds: ClassVar[tuple[str, ...]] = ("dns",)
    ours_only: ClassVar[bool] = True
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    turns_red: ClassVar[str] = "{target}-{service}"
    holds: ClassVar[tuple[str, ...]] = ("{target}/names/{service}",)

    service: ServiceName = Field(default="vault", description="whose name it is")

    @abstractmethod
    def broken(self, zone: Zone) -> Mapping[Key, Sequence[Record]]:
        """What the zone is to have instead, for each name and type that is touched."""

    def whole(self, now: Sequence[Record], before: Sequence[Record]) -> bool:
        """Whether the records of one name and type are in order, although perhaps not those that were there."""
        return sorted(record.value for record in now) == sorted(record.value for record in before)

    def prepare(self, replica: Replica, target: str) -> Undo:
        folder = zone_of(replica, target)
        zone = folder.read()
        broken = self.broken(zone)
        before = {key: zone.find(*key) for key in broken}
        if not any(before.values()) or all(self.whole(broken[key], before[key]) for key in broken):
            raise ReplicaError(
                f"{self.name} on {target}: {_names(broken)} is so already in {folder.file}",
                hint="zone show, zone history",
            )
        return {
            "folder": str(folder.folder),
            "resolvers": [str(folder_of(replica, name)) for name in of_kind(replica, "resolver")],
            "ttl": longest_ttl(zone, self.service),
            "before": _rows(before),
            "after": _rows(broken),
        }

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Publish the zone with the other records. ReplicaError when it cannot be written."""
        zone_of(replica, target)
        self._put(target, undo, _records(undo["after"]))

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Put back what is not in order. ReplicaError when the zone cannot be written."""
        zone = self._zone_now(target, undo)
        if zone is None:
            return
        before = _records(undo["before"])
        self._put(
            target, undo, {key: was for key, was in before.items() if not self.whole(at(zone, key), was)}
        )
        forget(undo)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        try:
            zone = self._zone_now(target, undo)
        except ReplicaError:
            return False
        before = _records(undo["before"])
        return zone is None or all(self.whole(at(zone, key), was) for key, was in before.items())

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        return [copies_run_out(undo)]

    def probe(self, replica: Replica, target: str) -> Probe:
        return service_probe(self.probe_name(target, ""), replica, target, self.service)

    def _zone_now(self, target: str, undo: Undo) -> Zone | None:
        folder = zone_in(undo)
        if folder is None:
            return None
        try:
            return folder.read()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReplicaError(
                f"{self.name} on {target}: the zone at {folder.file} cannot be read: {error}",
                hint="zone rollback SERIAL brings back an earlier version",
            ) from error

    def _put(self, target: str, undo: Undo, records: Mapping[Key, Sequence[Record]]) -> None:
        folder = zone_in(undo)
        if folder is None:
            return
        try:
            folder.change(lambda zone: _with(zone, records))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ReplicaError(
                f"{self.name} on {target}: the zone at {folder.file} cannot be changed: {error}"
            ) from error


def at(zone: Zone, key: Key) -> tuple[Record, ...]:
    return zone.find(*key)


def _with(zone: Zone, records: Mapping[Key, Sequence[Record]]) -> Zone:
    for (name, type_), put in records.items():
        zone = zone.with_rrset(name, type_, put)
    return zone


def _names(keys: Iterable[Key]) -> str:
    return ", ".join(" ".join(key) for key in keys)


def _rows(records: Mapping[Key, Sequence[Record]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "type": type_, "records": [asdict(record) for record in put]}
        for (name, type_), put in records.items()
    ]


def _records(rows: Iterable[Mapping[str, Any]]) -> dict[Key, tuple[Record, ...]]:
    return {(row["name"], row["type"]): tuple(Record(**record) for record in row["records"]) for row in rows}
