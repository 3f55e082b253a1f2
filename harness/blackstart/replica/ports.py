"""Free ports on loopback."""

from __future__ import annotations

import os
import random
import socket
from contextlib import ExitStack
from pathlib import Path

from blackstart.errors import ReplicaError
from blackstart.replica.layout import HOST

__all__ = ["free_ports", "port_range"]

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TRIES = 500

CHOSEN = "BLACKSTART_PORTS"
"""Whoever sets it says from where ports are taken, as in "10000-17999": so that two who drill here never meet."""


def port_range(outgoing: str) -> tuple[int, int]:
    """Where to look, first and last, given the kernel's range for outgoing connections ("32768\\t60999").

    Below it: a server that is restarted must find its port again, and there no outgoing connection can have
    taken it meanwhile. Where too little is left below, anywhere.
    """
    try:
        first_outgoing = int(outgoing.split()[0])
    except (ValueError, IndexError):
        first_outgoing = 0
    return (10_000, first_outgoing - 1) if first_outgoing > 11_000 else (10_000, 65_535)


def free_ports(count: int) -> list[int]:
    """That many different ports, each free for TCP and UDP a moment ago. ReplicaError when there are not enough.

    Another process may take one before its server does: whoever starts the server tries again with others.
    """
    first, last = _chosen() or port_range(_RANGE.read_text("ascii") if _RANGE.exists() else "")
    found: list[int] = []
    with ExitStack() as held:
        for port in random.sample(range(first, last + 1), min(_TRIES, last - first)):
            if len(found) == count:
                break
            if _holds(held, port):
                found.append(port)
    if len(found) < count:
        raise ReplicaError(
            f"only {len(found)} of {count} free ports were found on {HOST} between {first} and {last}",
            hint="end programs that hold many ports, and try again",
        )
    return found


def _chosen() -> tuple[int, int] | None:
    """What the variable says; None where it says nothing. ReplicaError for what is no range."""
    said = os.environ.get(CHOSEN, "")
    if not said:
        return None
    first, _, last = said.partition("-")
    if first.isdecimal() and last.isdecimal() and 1024 <= int(first) < int(last) <= 65_535:
        return int(first), int(last)
    raise ReplicaError(
        f"{CHOSEN} is {said!r}, and no range of ports", hint="write it as 10000-17999, or unset it"
    )


def _holds(held: ExitStack, port: int) -> bool:
    """Bind the port for both, so that it is not given twice; False when somebody has it."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        bound = held.enter_context(socket.socket(socket.AF_INET, kind))
        try:
            bound.bind((HOST, port))
        except OSError:
            return False
    return True
