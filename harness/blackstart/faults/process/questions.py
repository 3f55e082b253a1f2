"""The probes that these faults bring: each asks one cheap thing of one component, from where all probes ask."""

from __future__ import annotations

import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from http.client import HTTPException
from typing import TYPE_CHECKING

from blackstart.clock import SystemTime
from blackstart.errors import ReplicaError
from blackstart.replica.asking import AskingProbe, Refused
from blackstart.replica.layout import PROBES, ZONE, Address
from blackstart.replica.probing import Questioned
from blackstart.replica.programs.dnsclient import DnsError, parse, query
from blackstart.replica.programs.httpclient import Answer, request, why

if TYPE_CHECKING:
    from blackstart.replica.base import Component, Probe, Replica

__all__ = ["LATEST", "clock", "connects", "latency", "page_or_name", "writes"]

_PAGES = {"vault": "/v1/sys/seal-status", "registry": "/v2/", "workload": "/healthz"}
"""What answers at once, to anybody, and is not stored; a registry says 401 to whoever brings no token."""

LATEST = 4
"""Readings that the latency is judged by. Of process.cpu-hog as it is by default one in six is in time, so that
four in a row are once in a thousand."""

_KINDS_OF_DNS = ("dns", "resolver")


def connects(replica: Replica, target: str) -> Probe:
    """Green when a new connection gets an answer within a second: TCP also to name servers."""
    return AskingProbe(f"{target}-connects", "component", target, _question(replica, target), answers=2)


def latency(replica: Replica, target: str, threshold_s: float) -> Probe:
    """Green when the last `LATEST` readings each had their answer within the threshold (real seconds).

    Not the last alone: some answers are in time however bad it is, and a picture that changes with each of them
    tells people nothing.
    """
    ask, time = _question(replica, target), SystemTime()
    late: deque[str] = deque([""] * LATEST, LATEST)

    def timed(each_s: float) -> None:
        began = time.now()
        try:
            ask(each_s)
        except (Refused, DnsError, OSError, HTTPException) as error:
            late.append(why(error))
            raise
        took_s = time.now().seconds_since(began)
        late.append(_too_late(took_s, threshold_s) if took_s > threshold_s else "")
        if any(late):
            raise Refused(next(each for each in reversed(late) if each))

    return AskingProbe(f"{target}-latency", "component", target, timed)


def _too_late(took_s: float, threshold_s: float) -> str:
    return f"answered after {took_s * 1000:.0f} ms, {threshold_s * 1000:g} ms are allowed"


def writes(replica: Replica, target: str) -> Probe:
    """Green when it can write: Vault its audit log, a registry an upload."""
    if replica.components()[target].kind == "registry":
        return _pushes(replica, target)
    address = _address(replica.components()[target])

    def audited(each_s: float) -> None:
        """A request without a token is refused by whoever can write that into the audit log, and fails otherwise."""
        answer = request(address, "GET", "/v1/auth/token/lookup-self", timeout_s=each_s, source=PROBES)
        if answer.status != 403:
            raise Refused(answer.complaint())

    return AskingProbe(f"{target}-writes", "component", target, audited)


def _pushes(replica: Replica, target: str) -> Probe:
    from blackstart.faults.registry.asking import push_probe

    probe = push_probe(replica, target)

    def push(each_s: float) -> None:
        seen = probe.read()
        if seen.state != "green":
            raise Refused(seen.reason)

    return AskingProbe(f"{target}-writes", "component", target, push)


def clock(replica: Replica, target: str, tolerated_s: float) -> Probe:
    """Green when the component's clock is ours, by the Date of its answers (RFC 9110, 6.6.1), give or take so much."""
    from email.utils import parsedate_to_datetime

    ask, time = _page(replica.components()[target]), SystemTime()

    def compare(each_s: float) -> None:
        answer = ask(each_s)
        if "date" not in answer.headers:
            raise Refused("the answer has no Date")
        ahead_s = (parsedate_to_datetime(answer.headers["date"]) - time.now().wall).total_seconds()
        if abs(ahead_s) > tolerated_s:
            raise Refused(f"its clock is {abs(ahead_s):.0f} s {'ahead' if ahead_s > 0 else 'behind'}")

    return AskingProbe(f"{target}-clock", "component", target, compare)


# --- one question a kind --------------------------------------------------------------------------


def page_or_name(replica: Replica, target: str) -> Callable[[float], None] | None:
    """Asks for what answers at once, to anybody, and is not stored; None for a kind that nobody knows here."""
    kind = replica.components()[target].kind
    return _question(replica, target) if kind in (*_PAGES, *_KINDS_OF_DNS) else None


def _question(replica: Replica, target: str) -> Callable[[float], None]:
    """A component of a user's own is asked what its own check asks."""
    if isinstance(replica, Questioned):
        return replica.question(target)
    component = replica.components()[target]
    if component.kind in _KINDS_OF_DNS:
        return _name_over_tcp(_address(component))
    ask = _page(component)

    def page(each_s: float) -> None:
        answer = ask(each_s)
        if not answer.ok and answer.status != 401:
            raise Refused(answer.complaint())

    return page


def _page(component: Component) -> Callable[[float], Answer]:
    if component.kind not in _PAGES:
        raise ReplicaError(f"nobody knows which page of {component.name}, a {component.kind}, to ask for")
    address, path = _address(component), _PAGES[component.kind]
    return lambda each_s: request(address, "GET", path, timeout_s=each_s, source=PROBES)


def _name_over_tcp(address: Address) -> Callable[[float], None]:
    def ask(each_s: float) -> None:
        packet = query(ZONE, "SOA", int.from_bytes(os.urandom(2), "big"))
        with socket.create_connection(address, each_s, (PROBES, 0)) as tcp:
            tcp.sendall(struct.pack(">H", len(packet)) + packet)
            with tcp.makefile("rb") as stream:
                answer = parse(stream.read(int.from_bytes(stream.read(2), "big")))
        if not answer.answers:
            raise Refused(f"{answer.rcode} for {ZONE}")

    return ask


def _address(component: Component) -> Address:
    host, _, port = component.endpoint.rpartition(":")
    return host, int(port)
