"""The field's ratings, from findings and metrics: never above what the evidence supports.

P performed without challenges, S with some, M with major ones, U unable. One finding that failed makes S, a major one M,
two major ones or a task whose end was never seen U. What could not be judged is no P. A task that nothing speaks of has
no rating.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from blackstart.review.model import Finding, Metric, Rating

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ratings_of"]

Grade = Literal["P", "S", "M", "U"]

RULES: Mapping[str, tuple[str, ...]] = {
    "Detect": ("T03-monitoring",),
    "Acknowledge": ("T03-page", "P04", "P05", "P06", "P09", "P10", "P30"),
    "Communicate": ("P07", "P16", "P17", "P18", "P19", "P20", "P21", "P25", "P26", "P29"),
    "Diagnose": ("P22-read-only-first",),
    "Recover": ("P22-self-inflicted-harm", "P36"),
    "Close": ("P23",),
}
"""Which rules speak of which capability, by how their ids begin."""

ENDS: Mapping[str, tuple[str, ...]] = {
    "Detect": ("TTD",),
    "Acknowledge": ("TTA",),
    "Communicate": ("TTC",),
    "Diagnose": ("TTE",),
    "Recover": ("TTR",),
    "Close": ("observation window",),
}
"""The metric whose end each capability is about: when it was never seen, people were unable."""


def ratings_of(findings: Sequence[Finding], metrics: Sequence[Metric]) -> list[Rating]:
    """One rating for each capability that the evidence speaks of."""
    by_name = {metric.name: metric for metric in metrics}
    found = []
    for capability, rules in RULES.items():
        own = [finding for finding in findings if finding.rule.startswith(rules)] if rules else []
        ends = [by_name[name] for name in ENDS[capability] if name in by_name]
        if rating := _rated(capability, own, ends):
            found.append(rating)
    return found


def _rated(capability: str, findings: Sequence[Finding], ends: Sequence[Metric]) -> Rating | None:
    failed = [finding for finding in findings if finding.verdict == "fail"]
    unknown = [finding for finding in findings if finding.verdict == "unknown"]
    unseen = [metric for metric in ends if metric.status == "censored"]
    gaps = [
        metric for metric in ends if metric.name == "TTD" and metric.status == "measured" and metric.reason
    ]
    seen = any(metric.status == "measured" for metric in ends) or bool(findings)
    if not seen and not unseen:
        return None
    because = [f"{metric.name}: {metric.reason}" for metric in [*unseen, *gaps]]
    because += [finding.rule for finding in [*failed, *unknown]]
    return Rating(capability, _grade(len(unseen), failed, len(unknown) + len(gaps)), because)


def _grade(unseen: int, failed: Sequence[Finding], doubts: int) -> Grade:
    major = sum(1 for finding in failed if finding.severity == "major")
    if unseen or major > 1:
        return "U"
    if major:
        return "M"
    return "S" if failed or doubts else "P"
