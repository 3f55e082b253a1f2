"""The commands `zone`, `policy` and `cache`: what the DNS servers' operators do on their machines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path

from blackstart.replica.programs.dns_cache import flush
from blackstart.replica.programs.dns_policy import EVERY_NAME, PolicyFile
from blackstart.replica.programs.dns_zone import LISTEN, Zone, ZoneFolder
from blackstart.replica.programs.dnsclient import DnsError, Record, ask
from blackstart.replica.programs.httpclient import why

__all__ = ["run_cache", "run_policy", "run_zone"]

SERVERS = ("dns", "resolver")
TTL_S = 30
TYPES = ("A", "NS", "SRV")

ZONE_USAGE = """\
usage: zone show [NAME]               every record that is published
       zone set NAME TYPE VALUE       publish this record in the place of the name's others of the type (A, NS, SRV)
       zone add NAME TYPE VALUE       publish this record beside them
       zone remove NAME [TYPE [VALUE]]
       zone ttl SECONDS NAME ...      how long the records of these names may be kept
       zone serial                    which serial is published, and which one the authority serves
       zone reload                    have the authority take what is published
       zone history                   what each version changed
       zone rollback SERIAL           publish the records of that version again
NAME may leave the zone out. The VALUE of an SRV record: PRIORITY WEIGHT PORT HOST
"""
POLICY_USAGE = """\
usage: policy show                    what dns and resolver answer instead of the truth
       policy remove SERVER NAME      take away the rules for a name; '*' is the rule for every name
"""
CACHE_USAGE = """\
usage: cache flush                    have the resolver forget all that it has kept
"""


class Wrong(Exception):
    """The command line is not what the usage says, or asks for what there is not; the text says what."""


def run_zone(data: Path, argv: list[str]) -> int:
    folder = ZoneFolder(data / "dns")
    commands: Mapping[str, Callable[..., int]] = {
        "show": _show,
        "set": _set,
        "add": _add,
        "remove": _remove,
        "ttl": _ttl,
        "serial": _serial,
        "reload": _reload,
        "history": _history,
        "rollback": _rollback,
    }
    return _run("zone", ZONE_USAGE, commands, argv, folder)


def run_policy(data: Path, argv: list[str]) -> int:
    return _run("policy", POLICY_USAGE, {"show": _rules, "remove": _remove_rule}, argv, data)


def run_cache(data: Path, argv: list[str]) -> int:
    return _run("cache", CACHE_USAGE, {"flush": _flush}, argv, data / "resolver")


def _run(
    name: str,
    usage: str,
    commands: Mapping[str, Callable[..., int]],
    argv: list[str],
    place: ZoneFolder | Path,
) -> int:
    if not argv or argv[0] not in commands or not _fits(commands[argv[0]], place, argv[1:]):
        print(usage, end="", file=sys.stderr)
        return 2
    try:
        return commands[argv[0]](place, *argv[1:])
    except Wrong as error:
        print(f"{name} {argv[0]}: {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError, KeyError, DnsError) as error:
        reason = why(error) if isinstance(error, OSError | DnsError) else f"a file is damaged: {error}"
        print(f"{name} {argv[0]}: {reason}", file=sys.stderr)
        return 1


def _fits(command: Callable[..., int], place: object, words: Sequence[str]) -> bool:
    try:
        signature(command).bind(place, *words)
    except TypeError:
        return False
    return True


# --- zone ---------------------------------------------------------------------------------------


def _show(folder: ZoneFolder, name: str | None = None) -> int:
    zone = folder.read()
    records = zone.records if name is None else zone.find(zone.whole_name(name))
    for record in records:
        print(_line(zone, record))
    return 0 if records else 1


def _line(zone: Zone, record: Record) -> str:
    short = "@" if record.name == zone.name else record.name.removesuffix(f".{zone.name}")
    return f"{short:<16} {record.ttl:>6} {record.type:<4} {record.value}"


def _set(folder: ZoneFolder, name: str, type_: str, *value: str) -> int:
    def edit(zone: Zone) -> Zone:
        record = _record(zone, name, type_, value)
        return zone.with_rrset(record.name, record.type, [record])

    return _publish(folder, edit)


def _add(folder: ZoneFolder, name: str, type_: str, *value: str) -> int:
    def edit(zone: Zone) -> Zone:
        record = _record(zone, name, type_, value)
        others = [other for other in zone.find(record.name, record.type) if other.value != record.value]
        return zone.with_rrset(record.name, record.type, [*others, record])

    return _publish(folder, edit)


def _record(zone: Zone, name: str, type_: str, words: Sequence[str]) -> Record:
    """What was typed, as a record; it has the TTL of what the name has already."""
    whole, kind = zone.whole_name(name), _known(type_)
    there = zone.find(whole, kind) or zone.find(whole)
    return Record(whole, kind, there[0].ttl if there else TTL_S, _value(zone, kind, " ".join(words).split()))


def _known(type_: str) -> str:
    if type_.upper() not in TYPES:
        raise Wrong(f"TYPE is one of {', '.join(TYPES)}, not {type_}")
    return type_.upper()


def _value(zone: Zone, type_: str, words: Sequence[str]) -> str:
    match type_, words:
        case "A", [address]:
            return _address(address)
        case "NS", [host]:
            return zone.whole_name(host)
        case "SRV", [priority, weight, port, host] if all(map(_is_16_bits, (priority, weight, port))):
            return f"{priority} {weight} {port} {zone.whole_name(host)}"
    forms = {"A": "ADDRESS", "NS": "HOST", "SRV": "PRIORITY WEIGHT PORT HOST"}
    raise Wrong(f"the VALUE of a record {type_} is {forms[type_]}, not {' '.join(words)!r}")


def _is_16_bits(word: str) -> bool:
    return word.isdecimal() and int(word) < 65536


def _address(word: str) -> str:
    try:
        return str(IPv4Address(word))
    except ValueError:
        raise Wrong(f"{word!r} is no IPv4 address") from None


def _remove(folder: ZoneFolder, name: str, type_: str | None = None, *value: str) -> int:
    def edit(zone: Zone) -> Zone:
        whole = zone.whole_name(name)
        found = set(zone.find(whole, type_ and _known(type_)))
        if value:
            found = {record for record in found if record.value.split() == " ".join(value).split()}
        if not found:
            raise Wrong(f"there is no such record of {whole}")
        if any(record.type == "SOA" for record in found):
            raise Wrong("a zone cannot be without its SOA record: name the TYPE that is to go")
        return replace(zone, records=tuple(record for record in zone.records if record not in found))

    return _publish(folder, edit)


def _ttl(folder: ZoneFolder, seconds: str, name: str, *names: str) -> int:
    if not seconds.isdecimal() or int(seconds) >= 2**31:
        raise Wrong(f"SECONDS is a whole number, not {seconds!r}")

    def edit(zone: Zone) -> Zone:
        wanted = {zone.whole_name(each) for each in (name, *names)}
        unknown = wanted - {record.name for record in zone.records}
        if unknown:
            raise Wrong(f"there is no record of {', '.join(sorted(unknown))}")
        records = [replace(r, ttl=int(seconds)) if r.name in wanted else r for r in zone.records]
        return replace(zone, records=tuple(records))

    return _publish(folder, edit)


def _publish(folder: ZoneFolder, edit: Callable[[Zone], Zone]) -> int:
    before = folder.read().serial
    after = folder.change(edit)
    print(f"serial {after} published" if after != before else f"nothing to change in serial {before}")
    return 0


def _serial(folder: ZoneFolder) -> int:
    zone = folder.read()
    print(f"published {zone.serial}")
    host, _, port = (folder.folder / LISTEN).read_text("ascii").rpartition(":")
    answer = ask((host, int(port)), zone.name, "SOA", timeout_s=2.0)
    served = [record.value.split()[2] for record in answer.answers if record.type == "SOA"]
    print(f"served    {served[0] if served else answer.rcode}")
    return 0


def _reload(folder: ZoneFolder) -> int:
    folder.release()
    print(f"serial {folder.read().serial} is to be served")
    return 0


def _history(folder: ZoneFolder) -> int:
    versions = [folder.version(serial) for serial in folder.versions()]
    versions.append(folder.read())
    print(f"{versions[0].serial}")
    for before, after in pairwise(versions):
        print(f"{after.serial}")
        for sign, some, others in (("-", before, after), ("+", after, before)):
            for record in some.records:
                if record not in others.records and record.type != "SOA":
                    print(f"  {sign} {_line(after, record)}")
    return 0


def _rollback(folder: ZoneFolder, serial: str) -> int:
    if not serial.isdecimal() or int(serial) not in folder.versions():
        there = ", ".join(map(str, folder.versions())) or "none"
        raise Wrong(f"there is no earlier version {serial}; there are {there}")
    print(f"serial {folder.roll_back(int(serial))} published")
    return 0


# --- policy and cache ---------------------------------------------------------------------------


def _rules(data: Path) -> int:
    rules = [(server, rule) for server in SERVERS for rule in PolicyFile(data / server).rules()]
    for server, rule in rules:
        print(f"{server:<9} {rule.text()}")
    if not rules:
        print("no rules: dns and resolver answer the truth")
    return 0


def _remove_rule(data: Path, server: str, name: str) -> int:
    if server not in SERVERS:
        raise Wrong(f"SERVER is one of {', '.join(SERVERS)}, not {server}")
    whole = name if name == EVERY_NAME else ZoneFolder(data / "dns").read().whole_name(name)
    if not PolicyFile(data / server).remove(whole):
        raise Wrong(f"{server} has no rule for {whole}")
    print(f"{server} answers the truth for {whole}")
    return 0


def _flush(folder: Path) -> int:
    flush(folder)
    print("the resolver begins anew")
    return 0
