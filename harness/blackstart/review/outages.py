"""Stretches in which the platform was not whole: from the first red probe to the last green, flaps merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.review.facts import Facts

__all__ = ["Outage", "outages"]


@dataclass(frozen=True, slots=True)
class Outage:
    """One stretch. `end_s` and `end_event` are None when it lasted to the end of the record.

    `slack_s` and `end_slack_s`: the true edge lies up to so long before the event that shows it.
    """

    start_s: float
    start_event: int
    slack_s: float
    end_s: float | None
    end_event: int | None
    end_slack_s: float


def outages(facts: Facts, counted: set[str], sustained_s: float) -> list[Outage]:
    """Every outage of the probes that count, after the first fault. A green stretch shorter than `sustained_s`
    between two reds is a flap and ends nothing.
    """
    edges = sorted(
        (edge.s, edge.event, line.name, edge.state != "green", edge.s - edge.since_s)
        for line in facts.probes.values()
        if line.name in counted
        for edge in line.edges
    )
    found: list[Outage] = []
    red: set[str] = set()
    start: tuple[float, int, float] | None = None
    for s, event, name, is_red, slack in edges:
        if is_red:
            if not red and start is None:
                start = (s, event, slack)
            red.add(name)
            continue
        red.discard(name)
        if not red and start is not None:
            found.append(Outage(*start, s, event, slack))
            start = None
    if start is not None:
        found.append(Outage(*start, None, None, 0.0))
    return _merged([one for one in found if _after_fault(facts, one)], sustained_s)


def _after_fault(facts: Facts, outage: Outage) -> bool:
    first = min((s for s, _, _ in facts.faults.values()), default=None)
    return first is not None and (outage.end_s is None or outage.end_s >= first)


def _merged(found: list[Outage], sustained_s: float) -> list[Outage]:
    merged: list[Outage] = []
    for one in found:
        last = merged[-1] if merged else None
        if last is not None and last.end_s is not None and one.start_s - last.end_s < sustained_s:
            merged[-1] = Outage(
                last.start_s, last.start_event, last.slack_s, one.end_s, one.end_event, one.end_slack_s
            )
        else:
            merged.append(one)
    return merged
