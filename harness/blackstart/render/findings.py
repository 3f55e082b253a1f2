"""Findings in the order in which a reader needs them, with their costs in words, and what to change first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from blackstart.render.clean import clean, clip, one_line
from blackstart.render.words import count, minutes

if TYPE_CHECKING:
    from blackstart.review.model import Finding

__all__ = ["Change", "Findings", "FoundView", "changes", "findings"]

SEVERITIES = ("major", "minor", "info")
VERDICTS = ("fail", "unknown", "pass")


@dataclass(frozen=True, slots=True)
class FoundView:
    """One finding, cleaned, with its costs in words."""

    id: str
    rule: str
    verdict: Literal["pass", "fail", "unknown"]
    severity: str
    title: str
    detail: str
    evidence: list[int]
    recovery: str
    dark: str
    where: str
    proposal: str

    @property
    def cost(self) -> str:
        """Both currencies in one phrase; empty when the rule cost nothing."""
        parts = []
        if self.recovery not in ("none", "unknown"):
            parts.append(f"{self.recovery} added to recovery")
        if self.dark not in ("none", "unknown"):
            parts.append(f"{self.dark} in the dark")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings, worst first, by verdict."""

    failed: list[FoundView]
    unknown: list[FoundView]
    passed: list[FoundView]

    @property
    def all(self) -> list[FoundView]:
        return [*self.failed, *self.unknown, *self.passed]

    @property
    def sentence(self) -> str:
        """ "10 findings failed, 1 is unknown, 14 passed"."""
        if not self.all:
            return "No rule was applied."
        parts = [(count(len(self.failed), "finding") + " failed").capitalize()]
        if self.unknown:
            parts.append(f"{len(self.unknown)} unknown")
        return ", ".join([*parts, f"{len(self.passed)} passed"])


@dataclass(frozen=True, slots=True)
class Change:
    """One of the at most three changes of the first page."""

    proposal: str
    rule: str
    cost: str
    where: str
    anchor: str


def findings(found: Sequence[Finding]) -> Findings:
    """By verdict, and among those worst and costliest first; the rest in the review's order."""
    ordered = sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -_cost(one)))
    by = {verdict: [_found(one) for one in ordered if one.verdict == verdict] for verdict in VERDICTS}
    return Findings(by["fail"], by["unknown"], by["pass"])


def _cost(finding: Finding) -> float:
    """The larger of the two currencies: they are never added up."""
    return max(finding.minutes_to_recovery or 0.0, finding.minutes_in_the_dark or 0.0)


def _found(finding: Finding) -> FoundView:
    where = f"{one_line(finding.where.file)}:{finding.where.line}" if finding.where else ""
    return FoundView(
        finding.id,
        one_line(finding.rule),
        finding.verdict,
        finding.severity,
        one_line(finding.title),
        clean(finding.detail, 4000),
        finding.evidence,
        minutes(finding.minutes_to_recovery),
        minutes(finding.minutes_in_the_dark),
        where,
        clean(finding.proposal, 4000),
    )


def changes(found: Sequence[Finding], failed: Sequence[FoundView], most: int = 3) -> list[Change]:
    """The proposals of the most costly failed findings, each once, at most three."""
    shown = {one.id: one for one in failed}
    costly = sorted(
        (one for one in found if one.id in shown),
        key=lambda one: (-_cost(one), SEVERITIES.index(one.severity)),
    )
    picked: dict[str, Change] = {}
    for one in costly:
        it = shown[one.id]
        if it.proposal.strip():
            picked.setdefault(it.proposal, Change(clip(it.proposal, 400), it.rule, it.cost, it.where, it.id))
    return list(picked.values())[:most]
