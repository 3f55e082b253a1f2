"""A zone as it lies on its authority's disk: records, serial, and what it was before each change.

For whoever works on the authority's machine: the server itself, its operators, and those who break it in a
drill. Every change takes the lock, counts the serial up and replaces the file whole. The embedded server looks at
the file at each question, so nobody needs to find its process; CoreDNS is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from blackstart.replica.programs.dns_told import told
from blackstart.replica.programs.dnsclient import Record
from blackstart.replica.programs.files import locked, replaced

__all__ = ["HELD", "LISTEN", "ZONE_FILE", "Zone", "ZoneFolder"]

ZONE_FILE = "zone.json"
HELD = "zone.held.json"
"""A copy that is served in the zone's place while it lies there: what an authority has that gets no updates."""

LISTEN = "listen"
"""Where the authority itself listens, whatever is in front of it: for those who work on its machine."""

_FIRST = "zone.first.json"
_HISTORY = "history"
_KEPT = 20
"""How many earlier versions are kept."""


@dataclass(frozen=True, slots=True)
class Zone:
    """One version of a zone. Names are whole, in lower case and without the last dot."""

    name: str
    records: tuple[Record, ...]

    @classmethod
    def read(cls, file: Path) -> Zone:
        """OSError when there is none; ValueError or KeyError when it is not a zone."""
        document = json.loads(file.read_text("utf-8"))
        return cls(document["zone"], tuple(Record(**record) for record in document["records"]))

    def document(self) -> dict[str, Any]:
        return {"zone": self.name, "records": [asdict(record) for record in self.records]}

    @property
    def serial(self) -> int:
        return int(self._soa().value.split()[2])

    def with_serial(self, serial: int) -> Zone:
        soa = self._soa()
        words = soa.value.split()
        counted = replace(soa, value=" ".join([*words[:2], str(serial), *words[3:]]))
        return replace(self, records=tuple(counted if record is soa else record for record in self.records))

    def _soa(self) -> Record:
        return next(record for record in self.records if record.type == "SOA")

    def whole_name(self, name: str) -> str:
        """A name as people type it ("vault", "_vault._tcp", "vault.platform.test.", "@"), whole."""
        bare = name.rstrip(".").lower()
        if bare in ("@", "", self.name):
            return self.name
        return bare if bare.endswith(f".{self.name}") else f"{bare}.{self.name}"

    def find(self, name: str, type_: str | None = None) -> tuple[Record, ...]:
        """The records of a whole name, of one type or of all."""
        return tuple(r for r in self.records if r.name == name and type_ in (None, r.type))

    def types(self, name: str) -> set[str]:
        return {record.type for record in self.find(name)}

    def with_rrset(self, name: str, type_: str, records: Iterable[Record]) -> Zone:
        """With these records in the place of all that the name has of the type; none: without them."""
        others = [r for r in self.records if (r.name, r.type) != (name, type_)]
        return replace(self, records=(*others, *records))


class ZoneFolder:
    """The folder of one authority. OSError when it cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / ZONE_FILE
        self.held = folder / HELD

    def exists(self) -> bool:
        return self.file.is_file()

    def read(self) -> Zone:
        """The zone as it was published last."""
        return Zone.read(self.file)

    def create(self, zone: Zone) -> None:
        """Write the first version; nothing of an earlier zone stays.

        A zone that was created from the same first version is left as it is: its servers are started again.
        """
        first = self.folder / _FIRST
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder):
            if not (self.exists() and first.exists() and Zone.read(first) == zone):
                self.held.unlink(missing_ok=True)
                for old in self.versions():
                    self._version(old).unlink()
                _write(self.file, zone)
                _write(first, zone)
            told(self.folder)

    def change(self, edit: Callable[[Zone], Zone]) -> int:
        """Publish what `edit` makes of the zone, with the next serial; nothing when it makes no difference.

        Returns the serial that is in force then.
        """
        with locked(self.folder):
            before = self.read()
            after = edit(before)
            serial = before.serial
            if sorted(map(repr, after.records)) != sorted(map(repr, before.records)):
                serial += 1
                self._keep(before)
                _write(self.file, after.with_serial(serial))
            told(self.folder)  # also when whoever wrote it before died before the server was told
            return serial

    # --- earlier versions

    def versions(self) -> Sequence[int]:
        """The serials of the versions before this one, oldest first."""
        return sorted(int(file.stem) for file in (self.folder / _HISTORY).glob("*.json"))

    def version(self, serial: int) -> Zone:
        return Zone.read(self._version(serial))

    def _version(self, serial: int) -> Path:
        return self.folder / _HISTORY / f"{serial}.json"

    def _keep(self, zone: Zone) -> None:
        self._version(zone.serial).parent.mkdir(exist_ok=True)
        _write(self._version(zone.serial), zone)
        for old in self.versions()[:-_KEPT]:
            self._version(old).unlink()

    def roll_back(self, serial: int) -> int:
        """Publish an earlier version's records with the next serial, also over a file that cannot be read."""
        with locked(self.folder):
            new = self.version(serial)
            try:
                current = self.read()
                self._keep(current)
                last = current.serial
            except (OSError, ValueError, KeyError, TypeError, StopIteration):
                last = self.versions()[-1] + 1
            _write(self.file, new.with_serial(last + 1))
            told(self.folder)
            return last + 1

    # --- a copy that is held

    def hold(self, zone: Zone) -> None:
        """Have the authority serve this copy, whatever is published."""
        with locked(self.folder):
            _write(self.held, zone)
            told(self.folder)

    def held_zone(self) -> Zone | None:
        try:
            return Zone.read(self.held)
        except FileNotFoundError:
            return None

    def release(self) -> None:
        """Have the authority serve what is published."""
        with locked(self.folder):
            self.held.unlink(missing_ok=True)
            told(self.folder)


def _write(file: Path, zone: Zone) -> None:
    replaced(file, json.dumps(zone.document(), indent=1).encode())
