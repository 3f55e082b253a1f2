"""From what broke to somebody who takes it: TTD, TTN, TTA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.metrics.base import Measure, broke, censored, measured, metric, void
from blackstart.review.spell import spell

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.facts import Facts

HOLLOW_S = 600.0
"""An acknowledgement that nothing follows for so long is hollow (notes, 6.2)."""

ANNOUNCERS = frozenset({"facilitator", "harness"})


@metric("TTD", "time to detect")
def detect(facts: Facts) -> Measure:
    """e_eff → the earlier of e_alert and e_view."""
    effect = broke(facts)
    signs = [event for event in (facts.alert, facts.viewed) if event]
    first = min(signs, key=lambda event: event.seq, default=None)
    if announced := _announced(facts, first):
        return void(f"the facilitator told of it first (event {announced.seq})")
    if first is None:
        return censored(
            effect.event, facts.end_s, "neither an alert nor a person noticed", effect.uncertainty_s
        )
    found = measured(effect.event, first, effect.uncertainty_s)
    if first is not facts.alert:
        late = (
            f"{spell(facts.alert.drill_s - first.drill_s)} before the alert"
            if facts.alert
            else "without any alert"
        )
        return found.because(f"a person noticed {late}: a gap in monitoring")
    return found


def _announced(facts: Facts, first: Event | None) -> Event | None:
    """News of the facilitator after the fault and before anybody noticed."""
    begin = min(fault.intended.seq for fault in facts.line.faults.values())
    until = first.seq if first else facts.line.until_seq
    for message in facts.line.messages:
        if message.bot and message.who in ANNOUNCERS and begin < message.event.seq < until:
            return message.event
    return None


@metric("TTD by alert", "until the alert")
def detect_by_alert(facts: Facts) -> Measure:
    """e_eff → e_alert: what monitoring took."""
    effect = broke(facts)
    if facts.alert is None:
        return censored(effect.event, facts.end_s, "no alert fired", effect.uncertainty_s)
    return measured(effect.event, facts.alert, effect.uncertainty_s)


@metric("TTD by people", "until the first sign of a person")
def detect_by_people(facts: Facts) -> Measure:
    """e_eff → e_view."""
    effect = broke(facts)
    if facts.viewed is None:
        return censored(effect.event, facts.end_s, "no person showed any sign of it", effect.uncertainty_s)
    return measured(effect.event, facts.viewed, effect.uncertainty_s)


@metric("TTN", "time to notify")
def notify(facts: Facts) -> Measure:
    """e_alert → e_deliv. After a failed delivery it begins anew at the next attempt."""
    page = facts.page
    if page is None:
        return void("no page was fired")
    if not page.deliveries:
        return censored(page.fired, facts.end_s, "the page reached nobody")
    tries = sum(1 for other in facts.line.pages if other.fired.seq < page.fired.seq and not other.deliveries)
    reason = f"at attempt {tries + 1}; the others reached nobody" if tries else ""
    return measured(page.fired, page.deliveries[0], 0.0, reason)


@metric("TTA", "time to acknowledge")
def acknowledge(facts: Facts) -> Measure:
    """e_deliv → e_ack, the first acknowledgement by a person."""
    if facts.delivered is None:
        return void("no page reached anybody")
    return _until_ack(facts, facts.delivered)


@metric("TTA from alert", "from the alert to the acknowledgement")
def acknowledge_from_alert(facts: Facts) -> Measure:
    """e_alert → e_ack."""
    return (
        _until_ack(facts, facts.alert) if facts.alert and facts.delivered else void("no page reached anybody")
    )


@metric("TTA from effect", "from the effect to the acknowledgement")
def acknowledge_from_effect(facts: Facts) -> Measure:
    """e_eff → e_ack."""
    if facts.delivered is None:
        return void("no page reached anybody")
    effect = broke(facts)
    return _until_ack(facts, effect.event, effect.uncertainty_s)


def _until_ack(facts: Facts, start: Event, uncertainty_s: float = 0.0) -> Measure:
    acked, restored = facts.acked, facts.restored
    if restored and restored.event.seq > start.seq and (acked is None or acked.seq > restored.event.seq):
        return censored(
            start,
            restored.at_s,
            "resolved before anybody acknowledged",
            max(uncertainty_s, restored.uncertainty_s),
        )
    if acked is None:
        return censored(start, facts.end_s, "nobody acknowledged", uncertainty_s)
    if acked.seq < start.seq:
        return Measure("measured", 0.0, None, uncertainty_s, start, acked, "acknowledged before")
    found = measured(start, acked, uncertainty_s)
    return found.because("hollow: nothing followed for ten minutes") if _hollow(facts, acked) else found


def _hollow(facts: Facts, acked: Event) -> bool:
    until_s = acked.drill_s + HOLLOW_S
    signs = [
        *(message.event for message in facts.spoken),
        *(action.event for action in facts.actions),
        *(entry.event for entry in facts.line.status),
    ]
    return until_s <= facts.end_s and not any(acked.seq < e.seq and e.drill_s <= until_s for e in signs)
