"""Who was told, and until when: each message is a promise, and minutes without an unexpired one are in the dark."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.review.facts import Facts
    from blackstart.review.messages import Update
    from blackstart.review.moments import Moment, Moments

__all__ = ["Cadence", "Gap", "read_cadence", "uncovered"]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without an unexpired promise: from the deadline that passed to the next word, or to the end."""

    start_s: float
    end_s: float
    promise_event: int
    late_event: int | None


@dataclass(frozen=True, slots=True)
class Cadence:
    """The stretch in which people are to be told (from the first word to the all-clear), and its gaps.

    `start` is None when nobody ever said a word.
    """

    start: Moment | None
    end_s: float
    end_event: int
    gaps: list[Gap]
    deadlines: int
    kept: int
    longest_silence: tuple[float, int, int] | None

    @property
    def length_s(self) -> float:
        return max(0.0, self.end_s - self.start.s) if self.start else 0.0

    @property
    def late_s(self) -> float:
        return sum(gap.end_s - gap.start_s for gap in self.gaps)


def read_cadence(facts: Facts, moments: Moments, updates: list[Update]) -> Cadence:
    """Follow the promises from the first word on."""
    last = facts.events[-1].seq
    end_s, end_event = _end(facts, moments, last)
    if moments.told is None or moments.told.s > end_s:
        return Cadence(None, end_s, end_event, [], 0, 0, None)
    gaps: list[Gap] = []
    due_s, by = _due(facts, moments, moments.told.s, None), moments.told.event
    deadlines = kept = 0
    for update in [u for u in updates if moments.told.s <= u.message.s <= end_s]:
        deadlines += 1
        if update.message.s > due_s:
            gaps.append(Gap(due_s, update.message.s, by, update.message.event))
        else:
            kept += 1
        due_s, by = _due(facts, moments, update.message.s, update.promised_s), update.message.event
    if due_s < end_s:
        deadlines += 1
        gaps.append(Gap(due_s, end_s, by, None))
    silence = _silence(facts, moments.told, end_s, end_event)
    return Cadence(moments.told, end_s, end_event, gaps, deadlines, kept, silence)


def _end(facts: Facts, moments: Moments, last: int) -> tuple[float, int]:
    if moments.all_clear is not None:
        return moments.all_clear.s, moments.all_clear.event
    heal = facts.stages.get("heal")
    return (heal[0], heal[1]) if heal else (facts.end_s, last)


def cadence_at(facts: Facts, moments: Moments, s: float) -> float:
    """How often an update is due at that drill second: more seldom once everything is green again."""
    rules = facts.inputs.protocol.updates
    red = any(one.start_s <= s and (one.end_s is None or s < one.end_s) for one in moments.outages)
    return rules.every if red else rules.observing_every


def _due(facts: Facts, moments: Moments, s: float, promised_s: float | None) -> float:
    """When a word given then expires: what it promises, at most the cadence, and the grace."""
    rules = facts.inputs.protocol.updates
    cadence = s + cadence_at(facts, moments, s)
    due = min(cadence, promised_s) if promised_s is not None and promised_s > s else cadence
    return due + rules.grace


def _silence(facts: Facts, told: Moment, end_s: float, end_event: int) -> tuple[float, int, int]:
    """The longest stretch without a word of a person in the thread, with both ends."""
    words = [(m.s, m.event) for m in facts.said() if told.s <= m.s <= end_s]
    words.append((end_s, end_event))
    return max(
        ((after - before, first, second) for (before, first), (after, second) in itertools.pairwise(words)),
        key=lambda gap: gap[0],
        default=(0.0, told.event, end_event),
    )


def uncovered(cadence: Cadence, start_s: float, end_s: float) -> float:
    """Seconds of a stretch in which nobody had an unexpired word."""
    if cadence.start is None:
        return max(0.0, end_s - start_s)
    dark = max(0.0, min(cadence.start.s, end_s) - start_s)
    for gap in cadence.gaps:
        dark += max(0.0, min(gap.end_s, end_s) - max(gap.start_s, start_s))
    return dark
