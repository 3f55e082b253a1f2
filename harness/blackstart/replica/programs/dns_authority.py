"""The authority: answers for one zone from memory, with AA. Runs over Twisted Names (see dns_server.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.names import dns

from blackstart.replica.programs.dns_answers import Header, Reply
from blackstart.replica.programs.dns_watched import Watched
from blackstart.replica.programs.dns_zone import HELD, Zone

__all__ = ["Authority"]


class Served:
    """A zone, ready to answer from."""

    def __init__(self, zone: Zone) -> None:
        self.name = zone.name.encode().lower()
        self.records: dict[bytes, list[Header]] = {}
        for record in zone.records:
            header = _header(record.name, record.type, record.ttl, record.value)
            self.records.setdefault(header.name.name.lower(), []).append(header)
        self.soa = next(header for header in self.records[self.name] if header.type == dns.SOA)


class Authority:
    """Serves the zone's file, or the copy that is held beside it; both are looked at again at each question."""

    def __init__(self, zone_file: Path) -> None:
        self._file = zone_file
        self._zone = Watched[Served | None](zone_file, _served, None)
        self._held = Watched[Served | None](zone_file.with_name(HELD), _served, None)
        if self._zone.now() is None:
            raise SystemExit(f"{zone_file} is not a zone")

    def look(self) -> Served:
        """The zone that is in force now."""
        held, zone = self._held.now(), self._zone.now()
        served = held or zone
        if served is None:
            raise LookupError(f"{self._file.name} is gone")
        return served

    def reply_to(self, question: Any) -> Reply:
        zone = self.look()
        name = question.name.name.lower()
        if name != zone.name and not name.endswith(b"." + zone.name):
            return Reply(dns.EREFUSED)
        here = zone.records.get(name)
        if here is None:
            known = any(other.endswith(b"." + name) for other in zone.records)
            return self.nothing(dns.OK if known else dns.ENAME)
        found = [header for header in here if question.type in (header.type, dns.ALL_RECORDS)]
        if not found:
            return self.nothing(dns.OK)
        return Reply(dns.OK, found, (), _addresses(zone, found), authoritative=True)

    def nothing(self, rcode: int, ttl: int = 0) -> Reply:
        """A "no" with the SOA that says how long it may be kept (RFC 2308): `ttl` seconds, or what the zone says."""
        soa = self.look().soa
        return Reply(rcode, (), [_kept_for(soa, ttl) if ttl else soa], (), authoritative=True)


def _served(file: Path) -> Served:
    return Served(Zone.read(file))


def _kept_for(soa: Header, ttl: int) -> Header:
    old = soa.payload
    times = (old.serial, old.refresh, old.retry, old.expire, ttl)
    return dns.RRHeader(
        soa.name.name, dns.SOA, dns.IN, ttl, dns.Record_SOA(old.mname.name, old.rname.name, *times, ttl)
    )


def _addresses(zone: Served, found: Sequence[Header]) -> list[Header]:
    """The addresses that whoever asked will want next (RFC 2782: targets; RFC 1034: name servers)."""
    targets: list[bytes] = []
    for header in found:
        if header.type == dns.SRV:
            targets.append(header.payload.target.name.lower())
        elif header.type == dns.NS:
            targets.append(header.payload.name.name.lower())
    return [h for name in dict.fromkeys(targets) for h in zone.records.get(name, ()) if h.type == dns.A]


def _header(name: str, type_: str, ttl: int, value: str) -> Header:
    words = value.split()
    makers: dict[str, Callable[[], Any]] = {
        "A": lambda: dns.Record_A(value, ttl),
        "NS": lambda: dns.Record_NS(value, ttl),
        "SRV": lambda: dns.Record_SRV(*map(int, words[:3]), words[3], ttl),
        "SOA": lambda: dns.Record_SOA(words[0], words[1], *map(int, words[2:7]), ttl),
    }
    payload = makers[type_]()
    return dns.RRHeader(name.encode(), payload.TYPE, dns.IN, ttl, payload, auth=True)
