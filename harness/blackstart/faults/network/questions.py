"""Asking a component for any whole answer at all, from a chosen client's address: what a broken network spoils.

The answer's status does not matter here. It is waited for until the connection is closed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from typing import TYPE_CHECKING

from blackstart.clock import SystemTime
from blackstart.errors import ReplicaError
from blackstart.replica.asking import AskingProbe, Refused
from blackstart.replica.layout import ZONE
from blackstart.replica.probing import Questioned
from blackstart.replica.programs.dnsclient import DnsError, parse, query

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.layout import Address

__all__ = ["answer_probe", "demand_ours", "is_ours", "question_of"]

Question = Callable[[float], tuple[int, int]]
"""Asks once within so many seconds; returns how many bytes it sent and how many came, 0 where that is not known.

Refused, OSError, DnsError, HTTPException.
"""

_PATHS = {"vault": "/v1/sys/health", "registry": "/v2/", "workload": "/healthz"}
_NAMES = ("dns", "resolver")

_REQUEST = """\
GET {path} HTTP/1.1
Host: platform
Connection: close
User-Agent: blackstart (asks for any whole answer at all, as a client whose network may be broken would)

""".replace("\n", "\r\n")
"""Longer than a real client's shortest: a fault that spares the first hundred bytes must not spare it."""


def question_of(replica: Replica, target: str, source: str) -> Question:
    """What to ask a component, from that address. ReplicaError for a kind that nobody knows how to ask."""
    if isinstance(replica, Questioned):
        return _unmeasured(replica.question(target))
    component = replica.components()[target]
    host, _, port = component.endpoint.rpartition(":")
    address = (host, int(port))
    if component.kind in _NAMES:
        return lambda limit_s: ask_dns(address, source, limit_s)
    if component.kind in _PATHS:
        path = _PATHS[component.kind]
        return lambda limit_s: ask_http(address, path, source, limit_s)
    raise ReplicaError(f"nobody knows what to ask {target}, a {component.kind}, to see how its network is")


def _unmeasured(ask: Callable[[float], None]) -> Question:
    def asked(limit_s: float) -> tuple[int, int]:
        ask(limit_s)
        return 0, 0

    return asked


def is_ours(address: str) -> bool:
    """Whether this machine has the address, and so can ask from it. Containers have addresses of their own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        try:
            udp.bind((address, 0))
        except OSError:
            return False
    return True


def demand_ours(address: str, what: str) -> None:
    """ReplicaError when this machine cannot ask from the address."""
    if not is_ours(address):
        raise ReplicaError(
            f"{what}: its probe would have to ask from {address}, which is a container's: nobody would see the fault",
            hint="take people or probes among its clients, or leave clients out",
        )


def answer_probe(
    name: str, target: str, question: Question, *, limit_s: float, times: int = 1, tries: int = 1
) -> Probe:
    """Green when so many questions, one after the other, are each answered whole within the limit.

    Each has so many tries: a machine that is busy for a moment is no broken network.
    """

    def ask(whole_s: float) -> None:
        for _ in range(times):
            _patiently(question, min(limit_s, whole_s), tries)

    return AskingProbe(name, "component", target, ask)


def _patiently(question: Question, limit_s: float, tries: int) -> None:
    for _ in range(tries - 1):
        with suppress(Refused, DnsError, OSError, HTTPException):
            question(limit_s)
            return
    question(limit_s)


def ask_http(address: Address, path: str, source: str, limit_s: float) -> tuple[int, int]:
    """One request on a connection of its own, until the server has closed it."""
    before = _Deadline(limit_s)
    asked = _REQUEST.format(path=path).encode()
    try:
        with socket.create_connection(address, timeout=limit_s, source_address=(source, 0)) as connection:
            connection.sendall(asked)
            answer = b""
            while chunk := before.receive(connection):
                answer += chunk
    except TimeoutError:
        raise Refused(before.passed()) from None
    _demand_whole(answer)
    return len(asked), len(answer)


def ask_dns(address: Address, source: str, limit_s: float) -> tuple[int, int]:
    """One question over UDP."""
    before = _Deadline(limit_s)
    packet = query(f"_vault._tcp.{ZONE}", "SRV", int.from_bytes(os.urandom(2), "big"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((source, 0))
        udp.connect(address)
        udp.send(packet)
        try:
            answer = before.receive(udp)
        except TimeoutError:
            raise Refused(before.passed()) from None
    parse(answer)
    return len(packet), len(answer)


class _Deadline:
    """Bounds a whole answer, however many pieces it comes in."""

    def __init__(self, limit_s: float) -> None:
        self._time = SystemTime()
        self._began = self._time.now()
        self._limit_s = limit_s

    def receive(self, connection: socket.socket) -> bytes:
        left = self._limit_s - self._time.now().seconds_since(self._began)
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        return connection.recv(65536)

    def passed(self) -> str:
        return f"no whole answer within {self._limit_s * 1000:.0f} ms"


def _demand_whole(answer: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    if not body and not answer.endswith(b"\r\n\r\n"):
        raise Refused(f"the connection was closed after {len(answer)} bytes")
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-length" and len(body) < int(value):
            raise Refused(f"the connection was closed after {len(body)} of {int(value)} bytes of the body")
