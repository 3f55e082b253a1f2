"""What every rule shares: the case that it judges, and the short way to say pass or fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from blackstart.review.cadence import uncovered
from blackstart.review.model import Finding, Where

if TYPE_CHECKING:
    from blackstart.review.cadence import Cadence
    from blackstart.review.facts import Facts
    from blackstart.review.messages import Update
    from blackstart.review.model import StepLine
    from blackstart.review.moments import Moments

__all__ = ["Case", "Rule", "failed", "passed"]

Severity = Literal["info", "minor", "major"]


@dataclass(frozen=True, slots=True)
class Case:
    """All that a rule may look at."""

    facts: Facts
    moments: Moments
    cadence: Cadence
    updates: list[Update]
    steps: list[StepLine]

    def protocol_line(self, *keys: str) -> Where:
        """Where the protocol states a rule."""
        return Where(*self.facts.inputs.line_of("protocol", *keys))

    def dark_minutes(self, *, until_first_word: bool | None = None) -> float:
        """Minutes in which something was red and nobody had an unexpired word.

        With `until_first_word` only those before it (True) or after it (False), so that no minute counts twice.
        """
        told = self.moments.told
        seconds = 0.0
        for one in self.moments.outages:
            start, end = one.start_s, one.end_s if one.end_s is not None else self.cadence.end_s
            if until_first_word is True and told is not None:
                end = min(end, told.s)
            if until_first_word is False and told is not None:
                start = max(start, told.s)
            seconds += uncovered(self.cadence, start, end) if end > start else 0.0
        return round(seconds / 60, 1)


Rule = Callable[[Case], "Finding | None"]


def passed(rule: str, title: str, evidence: Iterable[int], where: Where | None = None) -> Finding:
    """A rule that was kept."""
    return Finding(rule, rule, "pass", "info", title, "", sorted(set(evidence)), 0.0, 0.0, where, "")


def failed(
    rule: str,
    severity: Severity,
    title: str,
    detail: str,
    evidence: Iterable[int],
    where: Where | None,
    proposal: str,
    *,
    to_recovery: float | None = 0.0,
    in_the_dark: float | None = 0.0,
) -> Finding:
    """A rule that was not kept. Minutes None: it cost some, and how many cannot be proven."""
    return Finding(
        rule,
        rule,
        "fail",
        severity,
        title,
        detail,
        sorted(set(evidence)),
        to_recovery,
        in_the_dark,
        where,
        proposal,
    )
