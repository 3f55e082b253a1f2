"""One drill, judged: a pure function of its record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from blackstart.errors import RecordError
from blackstart.events import DrillOpened
from blackstart.review.alignment import align
from blackstart.review.cadence import read_cadence
from blackstart.review.facts import Facts, gather
from blackstart.review.findings import judge
from blackstart.review.findings.base import Case
from blackstart.review.gate import judge_gate
from blackstart.review.inputs import parse_inputs
from blackstart.review.messages import updates
from blackstart.review.metrics import Judged, metrics
from blackstart.review.model import REVIEW_SCHEMA, RULES_VERSION, Gate, Metric, Review
from blackstart.review.moments import find_moments
from blackstart.review.ratings import rate
from blackstart.review.spans import spans

if TYPE_CHECKING:
    from blackstart.events import Event

__all__ = ["review", "to_bytes"]

Outcome = Literal["passed", "failed", "invalid", "aborted", "unclosed"]


def review(events: Sequence[Event]) -> Review:
    """Judge a record. Errors: RecordError for one that does not begin with its drill, or lacks what it was run from."""
    if not events or not isinstance(events[0].body, DrillOpened):
        raise RecordError(
            "the record does not begin with a drill", hint="blackstart verify says what is wrong with it"
        )
    header = events[0].body
    facts = gather(events, parse_inputs(header), header)
    moments = find_moments(facts)
    told = updates(facts)
    cadence = read_cadence(facts, moments, told)
    steps = align(facts, moments)
    timings = metrics(Judged(facts, moments, cadence, told))
    invalid = _invalid(facts)
    if invalid:
        timings = [_voided(metric, invalid) for metric in timings]
    findings = [] if invalid else judge(Case(facts, moments, cadence, told, steps))
    gate = (
        Gate("unknown", [invalid]) if invalid else judge_gate(facts.inputs.scenario.gate, findings, timings)
    )
    return Review(
        schema=REVIEW_SCHEMA,
        rules=RULES_VERSION,
        drill=header.drill,
        scenario=header.scenario,
        title=facts.inputs.scenario.title,
        outcome=_outcome(facts, bool(invalid), gate),
        clock=_clock(facts),
        headline=list(facts.inputs.protocol.headline),
        metrics=timings,
        steps=steps,
        findings=findings,
        ratings=[] if invalid else rate(findings, timings),
        gate=gate,
        spans=spans(facts, moments),
    )


def to_bytes(judged: Review) -> bytes:
    """The review as `review.json` has it: the same review gives the same bytes."""
    return (json.dumps(judged.to_json(), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode(
        "utf-8", "backslashreplace"
    )


def _invalid(facts: Facts) -> str:
    """Why nobody may be scored; an empty text when people may."""
    if facts.ended == "invalid":
        what = (
            f"the fault {facts.ineffective[0]} had no effect"
            if facts.ineffective
            else "the replica was not steady"
        )
        return f"the drill is invalid: {what}; no person is scored"
    return ""


def _voided(metric: Metric, why: str) -> Metric:
    return Metric(metric.name, metric.title, None, None, 0.0, None, None, "void", why)


def _outcome(facts: Facts, invalid: bool, gate: Gate) -> Outcome:
    if not facts.closed:
        return "unclosed"
    if invalid:
        return "invalid"
    if facts.ended in ("aborted", "error"):
        return "aborted"
    healed = set(facts.faults) <= set(facts.healed) and not facts.unproven
    return "passed" if gate.verdict == "pass" and healed else "failed"


def _clock(facts: Facts) -> dict[str, object]:
    return {
        "mode": facts.header.clock,
        "pace": facts.header.pace,
        "jumps": len(facts.jumps),
        "jumped_s": round(sum(to_s - from_s for from_s, to_s in facts.jumps), 3),
        "pauses": facts.pauses,
        "length_s": round(facts.end_s, 3),
        "start": facts.header.start,
    }
