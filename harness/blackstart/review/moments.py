"""The named instants of a drill (notes, event vocabulary): e_eff, e_deliv, e_ack and the rest, each with its event.

A moment that never came is None; whoever needs it says what that means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.claims import claimed_roles, claims_all_clear, claims_fixed
from blackstart.review.alignment import mutates, relevant
from blackstart.review.outages import Outage, outages

if TYPE_CHECKING:
    from blackstart.review.facts import Facts, Page

__all__ = ["Moment", "Moments", "find_moments"]


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant and the event that shows it. The true instant lies up to `slack_s` before."""

    s: float
    event: int
    slack_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Moments:
    """All named instants of one drill."""

    effect: Moment | None
    alert: Moment | None
    delivered: Moment | None
    acked: Moment | None
    viewed: Moment | None
    engaged: Moment | None
    told: Moment | None
    mutated: Moment | None
    restored: Moment | None
    fixed_claim: Moment | None
    all_clear: Moment | None
    roles: dict[str, Moment]
    outages: list[Outage]


def find_moments(facts: Facts) -> Moments:
    """Look each of them up."""
    found = outages(facts, _counted(facts), facts.inputs.protocol.sustained)
    first = found[0] if found else None
    effect = Moment(first.start_s, first.start_event, first.slack_s) if first else None
    page = next(iter(facts.pages.values()), None)
    return Moments(
        effect=effect,
        alert=Moment(page.fired_s, page.fired_event) if page else None,
        delivered=Moment(*page.delivered[0][:2]) if page and page.delivered else None,
        acked=_acked(facts, page),
        viewed=_viewed(facts, effect),
        engaged=_engaged(facts),
        told=_first_said(facts, effect),
        mutated=_mutated(facts),
        restored=_restored(found),
        fixed_claim=_claim(facts, "fixed", found),
        all_clear=_claim(facts, "all clear", found),
        roles=_roles(facts),
        outages=found,
    )


def _counted(facts: Facts) -> set[str]:
    return set(facts.inputs.scenario.recovered.probes) or set(facts.probes)


def _acked(facts: Facts, page: Page | None) -> Moment | None:
    """The first explicit acknowledgement by a person: on the pager, or the first message that acknowledges."""
    moments = [Moment(s, event) for s, event, _ in page.acked] if page else []
    return min(moments, key=lambda m: m.s, default=None)


def _viewed(facts: Facts, effect: Moment | None) -> Moment | None:
    """The first evidence that a person knows: a command, a word in the thread, an acknowledgement."""
    if effect is None:
        return None
    seen = [Moment(c.s, c.event) for c in facts.commands if c.actor in facts.people]
    seen += [Moment(m.s, m.event) for m in facts.messages if not m.bot and m.actor in facts.people]
    seen += [Moment(s, event) for page in facts.pages.values() for s, event, _ in page.acked]
    return min((m for m in seen if m.s >= effect.s), key=lambda m: m.s, default=None)


def _engaged(facts: Facts) -> Moment | None:
    """The first command or audited call on the failed component or what it needs."""
    found = [Moment(c.s, c.event) for c in facts.commands if relevant(facts, c)]
    return min(found, key=lambda m: m.s, default=None)


def _first_said(facts: Facts, effect: Moment | None) -> Moment | None:
    """The first word of a person that stakeholders can see."""
    after = effect.s if effect else 0.0
    return next((Moment(m.s, m.event) for m in facts.said() if m.s >= after), None)


def _mutated(facts: Facts) -> Moment | None:
    found = [Moment(c.s, c.event) for c in facts.commands if mutates(facts, c)]
    return min(found, key=lambda m: m.s, default=None)


def _restored(found: list[Outage]) -> Moment | None:
    """Every workflow green for good: the last end, if no outage is open."""
    last = found[-1] if found else None
    if last is None or last.end_s is None or last.end_event is None:
        return None
    return Moment(last.end_s, last.end_event, last.end_slack_s)


def _claim(facts: Facts, what: str, found: list[Outage]) -> Moment | None:
    """The first message after the last outage began that says it is fixed, or gives the all-clear."""
    since = found[-1].start_s if found else 0.0
    says = claims_fixed if what == "fixed" else claims_all_clear
    protocol = facts.inputs.protocol
    return next((Moment(m.s, m.event) for m in facts.said() if m.s >= since and says(m.text, protocol)), None)


def _roles(facts: Facts) -> dict[str, Moment]:
    """The first claim of each role."""
    first: dict[str, Moment] = {}
    for message in facts.said():
        for role in claimed_roles(message.text, facts.inputs.protocol):
            first.setdefault(role, Moment(message.s, message.event))
    return first
