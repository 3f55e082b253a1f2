"""A DNS question over UDP (TCP when the answer was cut), with the standard library alone.

dnspython would cost every start of a workload and of `resolve` 50 ms; here is just what finding a service takes.
Wire format: RFC 1035 section 4; SRV: RFC 2782.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass, field

__all__ = [
    "RCODES",
    "TYPES",
    "Answer",
    "DnsError",
    "Record",
    "ask",
    "ask_over_tcp",
    "find_service",
    "parse",
    "query",
]

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "TXT": 16, "AAAA": 28, "SRV": 33}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
_TYPE_NAMES = {number: name for name, number in TYPES.items()}
_MAX_JUMPS = 20
"""A compressed name that jumps more often is a loop."""


class DnsError(Exception):
    """No usable answer; the text is short enough for a probe's reason: "NXDOMAIN _vault._tcp.platform.test"."""


@dataclass(frozen=True, slots=True)
class Record:
    """One resource record. `value` is its data as text; an SRV record's is "priority weight port target"."""

    name: str
    type: str
    ttl: int
    value: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed reply. `rcode` is a name of `RCODES`."""

    id: int
    rcode: str
    authoritative: bool
    truncated: bool
    answers: tuple[Record, ...] = field(default=())
    authority: tuple[Record, ...] = field(default=())
    additional: tuple[Record, ...] = field(default=())


def query(name: str, type_: str, id_: int) -> bytes:
    """The packet that asks for one type of one name, recursion desired."""
    labels = [label.encode("idna") for label in name.rstrip(".").split(".") if label]
    wire_name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return struct.pack(">HHHHHH", id_, 0x0100, 1, 0, 0, 0) + wire_name + struct.pack(">HH", TYPES[type_], 1)


def parse(packet: bytes) -> Answer:
    """A reply's packet, read. DnsError when it is cut short or loops."""
    try:
        id_, flags, questions, *counts = struct.unpack_from(">HHHHHH", packet)
        at = 12
        for _ in range(questions):
            at = _name(packet, at)[1] + 4
        sections = []
        for count in counts:
            records, at = _records(packet, at, count)
            sections.append(records)
    except (struct.error, IndexError, UnicodeError, OSError) as error:
        raise DnsError(f"malformed DNS answer of {len(packet)} bytes") from error
    rcode = RCODES.get(flags & 0xF, f"RCODE{flags & 0xF}")
    return Answer(id_, rcode, bool(flags & 0x0400), bool(flags & 0x0200), *sections)


def _records(packet: bytes, at: int, count: int) -> tuple[tuple[Record, ...], int]:
    records = []
    for _ in range(count):
        name, at = _name(packet, at)
        number, _, ttl, length = struct.unpack_from(">HHIH", packet, at)
        at += 10
        value = _value(packet, at, number, length)
        records.append(Record(name, _TYPE_NAMES.get(number, f"TYPE{number}"), ttl, value))
        at += length
    return tuple(records), at


def _value(packet: bytes, at: int, number: int, length: int) -> str:
    match _TYPE_NAMES.get(number):
        case "A":
            return socket.inet_ntop(socket.AF_INET, packet[at : at + length])
        case "AAAA":
            return socket.inet_ntop(socket.AF_INET6, packet[at : at + length])
        case "NS" | "CNAME":
            return _name(packet, at)[0]
        case "SRV":
            return "{} {} {} {}".format(*struct.unpack_from(">HHH", packet, at), _name(packet, at + 6)[0])
        case "SOA":
            mname, at = _name(packet, at)
            rname, at = _name(packet, at)
            return " ".join([mname, rname, *map(str, struct.unpack_from(">IIIII", packet, at))])
        case "TXT":
            return " ".join(f'"{text}"' for text in _strings(packet[at : at + length]))
        case _:
            return packet[at : at + length].hex()


def _strings(data: bytes) -> list[str]:
    strings = []
    while data:
        strings.append(data[1 : 1 + data[0]].decode("utf-8", "replace"))
        data = data[1 + data[0] :]
    return strings


def _name(packet: bytes, at: int) -> tuple[str, int]:
    """The name at that place, and the place after it; follows compression pointers."""
    labels, end, jumps = [], None, 0
    while length := packet[at]:
        if length & 0xC0 == 0xC0:
            end = at + 2 if end is None else end
            at = struct.unpack_from(">H", packet, at)[0] & 0x3FFF
            jumps += 1
            if jumps > _MAX_JUMPS:
                raise DnsError("malformed DNS answer: a name that loops")
        else:
            labels.append(packet[at + 1 : at + 1 + length].decode("ascii", "replace"))
            at += 1 + length
    return ".".join(labels) + ".", at + 1 if end is None else end


def ask(server: tuple[str, int], name: str, type_: str, *, timeout_s: float, source: str = "") -> Answer:
    """Ask one server, from the address `source` if given.

    DnsError when nothing usable came back; OSError when it could not be reached.
    """
    id_ = int.from_bytes(os.urandom(2), "big")
    packet = query(name, type_, id_)
    answer = parse(_over_udp(server, packet, timeout_s, source))
    if answer.truncated:
        answer = parse(_over_tcp(server, packet, timeout_s, source))
    if answer.id != id_:
        raise DnsError("the DNS answer is to another question")
    return answer


def ask_over_tcp(server: tuple[str, int], name: str, type_: str, *, timeout_s: float) -> Answer:
    """As `ask`, over a connection from the start."""
    packet = query(name, type_, int.from_bytes(os.urandom(2), "big"))
    return parse(_over_tcp(server, packet, timeout_s, ""))


def _over_udp(server: tuple[str, int], packet: bytes, timeout_s: float, source: str) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(timeout_s)
        if source:
            udp.bind((source, 0))
        udp.connect(server)  # connected, so that a closed port answers at once with "connection refused"
        udp.send(packet)
        return udp.recv(65535)


def _over_tcp(server: tuple[str, int], packet: bytes, timeout_s: float, source: str) -> bytes:
    with socket.create_connection(server, timeout_s, (source, 0) if source else None) as tcp:
        tcp.sendall(struct.pack(">H", len(packet)) + packet)
        with tcp.makefile("rb") as stream:
            return stream.read(int.from_bytes(stream.read(2), "big"))


def find_service(
    server: tuple[str, int], name: str, *, timeout_s: float, source: str = ""
) -> tuple[str, int]:
    """Where a service is, by its SRV record: lowest priority first. Its address comes with it or is asked for.

    DnsError when there is none; OSError when the server cannot be reached.
    """
    answer = ask(server, name, "SRV", timeout_s=timeout_s, source=source)
    found = sorted(record.value.split() for record in answer.answers if record.type == "SRV")
    if not found:
        raise DnsError(f"{answer.rcode if answer.rcode != 'NOERROR' else 'no SRV record for'} {name}")
    _, _, port, target = found[0]
    given = (record.value for record in answer.additional if record.type == "A" and record.name == target)
    return next(given, None) or _address(server, target, timeout_s, source), int(port)


def _address(server: tuple[str, int], name: str, timeout_s: float, source: str) -> str:
    answer = ask(server, name, "A", timeout_s=timeout_s, source=source)
    for record in answer.answers:
        if record.type == "A":
            return record.value
    raise DnsError(f"{answer.rcode if answer.rcode != 'NOERROR' else 'no address for'} {name}")
