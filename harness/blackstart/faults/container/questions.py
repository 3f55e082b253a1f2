"""The probes that these faults bring: each puts a component under a little load, or has it write."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from blackstart.clock import SystemTime
from blackstart.errors import ReplicaError
from blackstart.faults.process.questions import page_or_name, writes
from blackstart.replica.asking import AskingProbe, Refused

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["MANY", "many", "writing"]

MANY = 40
"""Answers in a row. Of CoreDNS, which needs least, they cost some 8 ms of CPU: what 0.01 processors are given in 800."""

WRITERS = ("vault", "registry")
"""Kinds of which the harness itself knows how to see that they can write."""


def many(replica: Replica, target: str, limit_s: float) -> Probe:
    """Green when so many answers, one after the other, took no longer than the limit together (real seconds)."""
    ask, time = _question(replica, target), SystemTime()

    def load(each_s: float) -> None:
        began = time.now()
        for done in range(MANY):
            left_s = limit_s - time.now().seconds_since(began)
            if left_s <= 0:
                raise Refused(f"{done} of {MANY} answers in {limit_s * 1000:.0f} ms")
            ask(each_s)

    return AskingProbe(f"{target}-latency", "component", target, load)


def _question(replica: Replica, target: str) -> Callable[[float], None]:
    """What costs the component little and changes nothing; of a kind that nobody knows, what its own probe asks."""
    known = page_or_name(replica, target)
    return known or _of(next(probe for probe in replica.probes() if probe.subject == target))


def _of(probe: Probe) -> Callable[[float], None]:
    def ask(each_s: float) -> None:
        seen = probe.read()
        if seen.state != "green":
            raise Refused(seen.reason)

    return ask


def writing(replica: Replica, target: str) -> Probe | None:
    """The probe called <target>-writes; None when the replica has it. ReplicaError when nobody knows how to ask."""
    name = f"{target}-writes"
    if any(probe.name == name for probe in replica.probes()):
        return None
    if replica.components()[target].kind in WRITERS:
        return writes(replica, target)
    raise ReplicaError(
        f"nobody knows how to see that {target} cannot write: there is no probe {name}",
        hint=f"give it one that writes, as a label of the service or in platform.yaml: {name}",
    )
