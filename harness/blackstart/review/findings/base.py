"""What a rule is, and how all of them are asked.

A rule that crashes gives the verdict unknown with the reason, never pass. A rule that would fail for want of words gives
unknown when words were redacted: what is missing may have stood there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from blackstart.review.model import Finding, Verdict, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from blackstart.chain import Event
    from blackstart.review.facts import Facts
    from blackstart.review.stretches import Stretch

__all__ = [
    "Draft",
    "Judged",
    "Reads",
    "Rule",
    "Severity",
    "failed",
    "findings_of",
    "passed",
    "rule",
    "unknown",
]

Severity = Literal["info", "minor", "major"]
Reads = Literal["messages", "commands", ""]

MOST_EVIDENCE = 40
"""More event numbers than this prove nothing further."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule's verdict before it is written down. `recovery`: drill time that it provably added to the recovery."""

    verdict: Verdict
    detail: str
    evidence: Sequence[Event] = ()
    where: Where | None = None
    recovery: Sequence[Stretch] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """`provable` is False where a failure costs time that no record can show: its minutes are unknown then."""

    id: str
    title: str
    severity: Severity
    proposal: str
    reads: Reads
    provable: bool
    judge: Callable[[Facts], Draft | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule with its verdict."""

    rule: Rule
    draft: Draft


_RULES: dict[str, Rule] = {}

ORDER = (
    "T03-monitoring-pages",
    "T03-page-acknowledged",
    "P04-acknowledge-in-time",
    "P05-acknowledgement-form",
    "P06-acknowledgement-pinned",
    "P07-one-thread",
    "P09-roles-claimed",
    "P10-roles-when-large",
    "P16-update-cadence",
    "P17-promised-update",
    "P18-update-template",
    "P19-impact-true",
    "P20-state-change-told",
    "P21-longest-silence",
    "P22-read-only-first",
    "P22-self-inflicted-harm",
    "P23-clean-window",
    "P25-status-page",
    "P26-comms-debt",
    "P29-no-direct-messages",
    "P30-expert-not-commander",
    "P36-runbook-steps",
    "P36-expected-steps",
)
"""Every rule, in the order of the report. An id is the rule's row in the notes and a slug."""


def rule(
    rule_id: str,
    title: str,
    severity: Severity,
    proposal: str,
    *,
    reads: Reads = "messages",
    provable: bool = True,
) -> Callable[[Callable[[Facts], Draft | None]], Callable[[Facts], Draft | None]]:
    """Register a rule. `proposal` is what to change when it fails: conditions, never a person."""

    def register(judge: Callable[[Facts], Draft | None]) -> Callable[[Facts], Draft | None]:
        _RULES[rule_id] = Rule(rule_id, title, severity, proposal, reads, provable, judge)
        return judge

    return register


def passed(detail: str, evidence: Sequence[Event] = (), where: Where | None = None) -> Draft:
    return Draft("pass", detail, evidence, where)


def failed(
    detail: str,
    evidence: Sequence[Event] = (),
    where: Where | None = None,
    recovery: Sequence[Stretch] = (),
) -> Draft:
    return Draft("fail", detail, evidence, where, recovery)


def unknown(detail: str, evidence: Sequence[Event] = (), where: Where | None = None) -> Draft:
    return Draft("unknown", detail, evidence, where)


def findings_of(facts: Facts) -> list[Finding]:
    """Every rule that applies. In an invalid drill, or when nothing broke, nobody is judged."""
    from blackstart.review.findings import (  # they register themselves
        cadence,
        closing,
        detection,
        diagnosis,
        impact,
        opening,
        roles,
        runbook,
        thread,
    )
    from blackstart.review.findings.costs import costed

    del cadence, closing, detection, diagnosis, impact, opening, roles, runbook, thread
    if facts.invalid or facts.effect is None:
        return []
    judged = [Judged(one, draft) for one in map(_RULES.__getitem__, ORDER) if (draft := _asked(one, facts))]
    return [_written(one, recovery_s, dark_s, facts) for one, recovery_s, dark_s in costed(judged, facts)]


def _asked(one: Rule, facts: Facts) -> Draft | None:
    try:
        draft = one.judge(facts)
    except Exception as error:  # a rule that crashed has not judged, and must not hide the others
        return unknown(f"the rule failed: {type(error).__name__}: {error}")
    if draft and draft.verdict == "fail" and (redacted := _redacted(one.reads, facts)):
        why = f"{draft.detail} But events were redacted that may have held what is missing."
        return replace(draft, verdict="unknown", detail=why, evidence=[*draft.evidence, *redacted])
    return draft


def _redacted(reads: Reads, facts: Facts) -> list[Event]:
    if reads == "messages":
        return [message.event for message in facts.spoken if message.redacted]
    if reads == "commands":
        return [ran.started for ran in facts.line.ran if ran.redacted]
    return []


def _written(judged: Judged, recovery_s: float | None, dark_s: float | None, facts: Facts) -> Finding:
    one, draft = judged.rule, judged.draft
    return Finding(
        id=f"{facts.line.opened.drill}-{one.id}",
        rule=one.id,
        verdict=draft.verdict,
        severity=one.severity,
        title=one.title,
        detail=draft.detail,
        evidence=sorted({event.seq for event in draft.evidence})[:MOST_EVIDENCE],
        minutes_to_recovery=_minutes(recovery_s),
        minutes_in_the_dark=_minutes(dark_s),
        where=draft.where,
        proposal=one.proposal if draft.verdict != "pass" else "",
    )


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 3)
