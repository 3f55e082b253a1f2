"""The probes that the faults of names bring: each asks one thing of one server, as its clients would."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from blackstart.faults.dns.folders import (
    address_of,
    host_name,
    named,
    of_kind,
    service_name,
    zone_of,
)
from blackstart.replica.asking import AskingProbe, Refused
from blackstart.replica.layout import PROBES, ZONE, endpoint
from blackstart.replica.programs.dnsclient import ask, find_service, parse, query
from blackstart.replica.programs.httpclient import why

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.layout import Address

__all__ = [
    "LEAST_TTL_S",
    "MOST_TTL_S",
    "addresses_probe",
    "kept_ttls",
    "serial_probe",
    "service_probe",
    "speed_probe",
    "ttl_probe",
    "udp_probe",
]

LEAST_TTL_S = 5
"""Below it each call costs a question to the authority; RFC 1912 warns of too short ones."""

MOST_TTL_S = 3600
"""Beyond it a service that moved is looked for in its old place for longer than an outage may last."""


def service_probe(name: str, replica: Replica, target: str, service: str) -> Probe:
    """Green when the server leads to where the service is, name, port and address."""
    server, there = address_of(replica, target), named(replica, service)

    def find(each_s: float) -> None:
        found = find_service(server, service_name(service), timeout_s=each_s, source=PROBES)
        if found != there:
            raise Refused(f"{service} is said to be at {endpoint(found)}, it is at {endpoint(there)}")

    return AskingProbe(name, "component", target, find, answers=2)


def addresses_probe(name: str, replica: Replica, target: str, service: str) -> Probe:
    """Green when the service takes connections at every address that its name has."""
    server, there = address_of(replica, target), address_of(replica, service)
    known, _ = named(replica, service)

    def refusal(address: str, each_s: float) -> str:
        return _refusal(there if address == known else (address, there[1]), each_s)

    def try_all(each_s: float) -> None:
        answer = ask(server, host_name(service), "A", timeout_s=each_s, source=PROBES)
        addresses = sorted(record.value for record in answer.answers if record.type == "A")
        dead = {address: reason for address in addresses if (reason := refusal(address, each_s))}
        if dead or not addresses:
            first = ", ".join(f"{address}: {reason}" for address, reason in dead.items()) or answer.rcode
            raise Refused(f"{len(dead)} of {len(addresses)} addresses of {service} are dead: {first}")

    return AskingProbe(name, "component", target, try_all, answers=3)


def _refusal(address: Address, limit_s: float) -> str:
    """Why it takes no connection; empty when it does."""
    try:
        socket.create_connection(address, limit_s, (PROBES, 0)).close()
    except OSError as error:
        return why(error)
    return ""


def serial_probe(name: str, replica: Replica, target: str) -> Probe:
    """Green when the authority serves what was published last."""
    server, zone = address_of(replica, target), zone_of(replica, target)

    def compare(each_s: float) -> None:
        published = zone.read().serial
        answer = ask(server, ZONE, "SOA", timeout_s=each_s, source=PROBES)
        served = [int(record.value.split()[2]) for record in answer.answers if record.type == "SOA"]
        if not served:
            raise Refused(f"{answer.rcode}: no SOA record for {ZONE}")
        if served[0] < published:
            raise Refused(f"it serves serial {served[0]}, published is {published}")

    return AskingProbe(name, "component", target, compare)


def ttl_probe(name: str, replica: Replica, target: str, service: str) -> Probe:
    """Green when clients may keep the service's records neither too briefly nor too long: policy 5 s to an hour.

    What the resolver says is what is left of a TTL, so there only the upper bound and 0 tell anything.
    """
    authority = address_of(replica, target)
    resolvers = [(each, address_of(replica, each)) for each in of_kind(replica, "resolver")]

    def look(each_s: float) -> None:
        _demand_ttl(target, kept_ttls(authority, service, each_s, PROBES), LEAST_TTL_S)
        for resolver, at in resolvers:
            _demand_ttl(resolver, kept_ttls(at, service, each_s, PROBES), 1)

    return AskingProbe(name, "component", target, look, answers=2 + 2 * len(resolvers))


def kept_ttls(server: Address, service: str, each_s: float, source: str = "") -> list[int]:
    """The TTLs that a server gives with the service's name and address."""
    wanted = ((service_name(service), "SRV"), (host_name(service), "A"))
    answers = [ask(server, name, type_, timeout_s=each_s, source=source) for name, type_ in wanted]
    return [record.ttl for answer in answers for record in answer.answers]


def _demand_ttl(server: str, seen: list[int], least: int) -> None:
    wrong = [ttl for ttl in seen if not least <= ttl <= MOST_TTL_S]
    if wrong:
        raise Refused(f"{server} gives a TTL of {wrong[0]} s, policy is {LEAST_TTL_S} to {MOST_TTL_S} s")


def speed_probe(name: str, replica: Replica, target: str, service: str, limit_s: float) -> Probe:
    """Green when an answer, whatever it says, comes within the limit."""
    server = address_of(replica, target)

    def ask_once(each_s: float) -> None:
        try:
            ask(server, service_name(service), "SRV", timeout_s=min(limit_s, each_s), source=PROBES)
        except TimeoutError:
            raise Refused(f"no answer within {limit_s * 1000:.0f} ms") from None

    return AskingProbe(name, "component", target, ask_once)


def udp_probe(name: str, replica: Replica, target: str) -> Probe:
    """Green when an answer comes whole over UDP, as nearly all clients ask first."""
    server = address_of(replica, target)

    def ask_once(each_s: float) -> None:
        packet = query(service_name("vault"), "SRV", int.from_bytes(os.urandom(2), "big"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(each_s)
            udp.bind((PROBES, 0))
            udp.connect(server)
            udp.send(packet)
            if parse(udp.recv(65535)).truncated:
                raise Refused("the answer over UDP is truncated")

    return AskingProbe(name, "component", target, ask_once)
