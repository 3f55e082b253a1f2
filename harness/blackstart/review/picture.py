"""Stretches for the picture: probes that were not green, faults, and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.broken import end_of
from blackstart.review.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blackstart.chain import Event
    from blackstart.review.facts import Facts

__all__ = ["spans_of"]


def spans_of(facts: Facts) -> list[Span]:
    """Every stretch, lane by lane."""
    return [*_probes(facts), *_faults(facts), *_roles(facts)]


def _span(facts: Facts, lane: str, label: str, start: Event, end: Event | None) -> Span:
    until_s = end.drill_s if end else facts.line.last_s
    return Span(lane, label, round(start.drill_s, 3), round(until_s, 3), start.seq, end.seq if end else None)


def _probes(facts: Facts) -> Iterator[Span]:
    for probe in facts.health.probes():
        for span in facts.health.spans(probe):
            if span.state != "green":
                label = "missing" if span.state == "missing" else span.reason or "red"
                end = span.end.event if span.end else None
                yield _span(facts, f"probe:{probe}", label, span.start.event, end)


def _faults(facts: Facts) -> Iterator[Span]:
    for fault in facts.line.faults.values():
        if fault.injected:
            label = f"{fault.body.type} on {fault.body.target}"
            yield _span(facts, f"fault:{fault.body.fault}", label, fault.injected, end_of(facts, fault))


def _roles(facts: Facts) -> Iterator[Span]:
    for held in facts.holding.held:
        yield _span(facts, f"role:{held.role}", held.who, held.start, held.end)
