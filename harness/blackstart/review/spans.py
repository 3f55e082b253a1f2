"""The stretches that the picture draws: probes red, faults active, roles held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blackstart.review.model import Span

if TYPE_CHECKING:
    from blackstart.review.facts import Facts
    from blackstart.review.moments import Moments

__all__ = ["spans"]


def spans(facts: Facts, moments: Moments) -> list[Span]:
    """All of them, lane by lane."""
    return [*_probes(facts), *_faults(facts), *_roles(facts, moments)]


def _probes(facts: Facts) -> Iterator[Span]:
    for line in facts.probes.values():
        for edge, following in zip(line.edges, [*line.edges[1:], None], strict=False):
            if edge.state != "green":
                end_s = following.s if following else facts.end_s
                end_event = following.event if following else None
                label = edge.state if edge.state == "missing" else edge.reason or edge.state
                yield Span(f"probe:{line.name}", label, edge.s, end_s, edge.event, end_event)


def _faults(facts: Facts) -> Iterator[Span]:
    for name, (s, event, body) in facts.faults.items():
        probe = facts.probes.get(body.probe)
        green = next((e for e in probe.edges if e.s > s and e.state == "green"), None) if probe else None
        healed = facts.healed.get(name)
        end_s, end_event = (
            (green.s, green.event) if green else (healed[0], healed[1]) if healed else (facts.end_s, None)
        )
        yield Span(f"fault:{name}", f"{body.type} on {body.target}", s, end_s, event, end_event)


def _roles(facts: Facts, moments: Moments) -> Iterator[Span]:
    actors = {event.seq: event.actor for event in facts.events}
    for role, moment in moments.roles.items():
        yield Span(f"role:{role}", actors[moment.event], moment.s, facts.end_s, moment.event, None)
