"""The two currencies. Every second is charged once, to one finding, so that sums are honest.

Minutes added to recovery: only what a rule can prove to lie on the way to the recovery, overlaps merged, so that their
sum is never above TTR. Minutes in the dark: from the page on, a capability or team was red and no unexpired update told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.stretches import Stretch, clipped, length, without

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from blackstart.review.facts import Facts
    from blackstart.review.findings.base import Judged

__all__ = ["costed"]

_SILENT = ("P21-longest-silence", "P16-update-cadence", "P04-acknowledge-in-time")
"""Who pays for the dark when nobody ever said a word: the silence as a whole."""

_BEFORE = ("P04-acknowledge-in-time", "P26-comms-debt")
"""Before the first word."""

_AFTER = ("P16-update-cadence", "P17-promised-update", "P21-longest-silence")
"""After it, where an update had run out."""


def costed(judged: Sequence[Judged], facts: Facts) -> list[tuple[Judged, float | None, float | None]]:
    """Each finding with seconds to recovery and seconds in the dark; None where they cannot be proven."""
    try:
        recovery, dark = dict(_recovery(judged, facts)), _dark(judged, facts)
    except Exception:  # the verdicts stand without the minutes, which are unknown then
        return [(one, None, None) for one in judged]
    return [(one, _or_unknown(one, recovery.get(one.rule.id, 0.0)), _dark_of(one, dark)) for one in judged]


def _or_unknown(one: Judged, seconds: float) -> float | None:
    """A failure that cost time which no record shows is not free."""
    if one.draft.verdict == "unknown":
        return None
    return None if one.draft.verdict == "fail" and not one.rule.provable and not seconds else seconds


def _dark_of(one: Judged, dark: dict[str, float]) -> float | None:
    return None if one.draft.verdict == "unknown" else dark.get(one.rule.id, 0.0)


def _recovery(judged: Sequence[Judged], facts: Facts) -> Iterator[tuple[str, float]]:
    if facts.effect is None:
        return
    charged: list[Stretch] = []
    worst_first = sorted(judged, key=lambda one: one.rule.severity != "major")
    for one in worst_first:
        if one.draft.verdict != "fail":
            continue
        on_the_way = clipped(one.draft.recovery, facts.effect.at_s, facts.restored_s)
        fresh = without(on_the_way, charged)
        charged += fresh
        yield one.rule.id, length(fresh)


def _dark(judged: Sequence[Judged], facts: Facts) -> dict[str, float]:
    """Seconds in the dark by rule. What no failed rule accounts for, such as the minutes that the protocol leaves people
    for their first word, is charged to nobody.
    """
    if facts.delivered is None:
        return {}
    failed = {one.rule.id for one in judged if one.draft.verdict == "fail"}
    told_s = facts.told.at_s if facts.told else facts.end_s
    dark = facts.dark(facts.delivered.drill_s)
    before = clipped(dark, facts.delivered.drill_s, told_s)
    after = clipped(dark, told_s, facts.end_s)
    costs: dict[str, float] = {}
    for rules, stretches in ((_BEFORE if facts.told else _SILENT, before), (_AFTER, after)):
        payer = next((rule for rule in rules if rule in failed), None)
        if payer and stretches:
            costs[payer] = costs.get(payer, 0.0) + length(stretches)
    return costs
