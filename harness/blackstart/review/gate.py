"""Whether a drill passed its scenario's gate, and how it came out as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from blackstart.review.model import Finding, Gate, Metric, Verdict
from blackstart.review.spell import spell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from blackstart.review.facts import Facts

__all__ = ["Outcome", "gate_of", "outcome_of"]

Outcome = Literal["passed", "failed", "invalid", "aborted", "unclosed"]
Reason = tuple[Verdict, str]

_WEIGHT = {"info": 0, "minor": 1, "major": 2}


def gate_of(facts: Facts, findings: Sequence[Finding], metrics: Sequence[Metric]) -> Gate:
    """Fail when any condition failed, else unknown when any could not be judged: unknown is not pass."""
    if facts.invalid:
        return Gate("unknown", [f"The drill is invalid: {facts.invalid}."])
    reasons = [*_faults(facts), *_recovered(facts), *_findings(facts, findings), *_limits(facts, metrics)]
    said = [text for _, text in reasons]
    if any(verdict == "fail" for verdict, _ in reasons):
        return Gate("fail", said)
    return Gate("unknown" if reasons else "pass", said)


def _faults(facts: Facts) -> Iterator[Reason]:
    """Nothing passes unless every fault took effect and is proven gone."""
    for spec in facts.inputs.scenario.faults:
        if spec.id in facts.line.skipped:
            continue
        fact = facts.line.faults.get(spec.id)
        if fact is None or fact.effective is None:
            yield "unknown", f"The fault {spec.id} never took effect."
        elif fact.proven is None or fact.unproven:
            yield "fail", f"That the fault {spec.id} is healed is not proven."


def _recovered(facts: Facts) -> Iterator[Reason]:
    if facts.effect and facts.restored is None:
        yield "fail", "The platform was not restored."


def _findings(facts: Facts, findings: Sequence[Finding]) -> Iterator[Reason]:
    least = _WEIGHT[facts.inputs.scenario.gate.no_finding]
    for finding in findings:
        if _WEIGHT[finding.severity] < least:
            continue
        if finding.verdict == "fail":
            yield "fail", f"{finding.rule}: {finding.detail}"
        elif finding.verdict == "unknown":
            yield "unknown", f"{finding.rule} could not be judged: {finding.detail}"


def _limits(facts: Facts, metrics: Sequence[Metric]) -> Iterator[Reason]:
    by_name = {metric.name: metric for metric in metrics}
    for name, limit in facts.inputs.scenario.gate.metrics.items():
        yield from _limit(by_name.get(name), name, limit)


def _limit(metric: Metric | None, name: str, limit: float) -> Iterator[Reason]:
    seconds = metric.seconds if metric else None
    if metric is None or metric.status == "void" or seconds is None:
        yield (
            "unknown",
            f"{name} could not be measured: {metric.reason if metric else 'there is no such metric'}.",
        )
    elif seconds > limit:
        at_least = "at least " if metric.status == "censored" else ""
        yield "fail", f"{name} was {at_least}{spell(seconds)}; the limit is {spell(limit)}."
    elif metric.status == "censored":
        yield "unknown", f"{name} was not over after {spell(seconds)}; the limit is {spell(limit)}."


def outcome_of(facts: Facts, gate: Gate) -> Outcome:
    """Invalid comes first, for then nobody is scored; a record without its end proves no ending at all."""
    if facts.invalid:
        return "invalid"
    if not facts.line.closed:
        return "unclosed"
    if facts.line.aborted or (facts.line.ended and facts.line.ended[1].reason == "aborted"):
        return "aborted"
    return "passed" if gate.verdict == "pass" else "failed"
