"""The judgement of one drill, put together. Pure: the same events give the same review on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from blackstart.review.broken import broken_of
from blackstart.review.facts import Facts
from blackstart.review.findings import findings_of
from blackstart.review.gate import gate_of, outcome_of
from blackstart.review.metrics import metrics_of
from blackstart.review.model import REVIEW_SCHEMA, RULES_VERSION, Review
from blackstart.review.picture import spans_of
from blackstart.review.ratings import ratings_of
from blackstart.review.steps import steps_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blackstart.chain import Event

__all__ = ["review"]


def review(events: Sequence[Event]) -> Review:
    """Judge a record. A record without its end is judged as far as it goes.

    Errors: RecordError when it does not begin with the drill's header or lacks a file it was run from; InputError when
    such a file is no longer valid.
    """
    facts = Facts.of(events)
    metrics, findings = metrics_of(facts), findings_of(facts)
    gate = gate_of(facts, findings, metrics)
    return Review(
        schema=REVIEW_SCHEMA,
        rules=RULES_VERSION,
        drill=facts.line.opened.drill,
        scenario=facts.line.opened.scenario,
        title=facts.inputs.scenario.title,
        outcome=outcome_of(facts, gate),
        clock=_clock(facts),
        headline=list(facts.inputs.protocol.headline),
        metrics=metrics,
        steps=steps_of(facts),
        findings=findings,
        ratings=[] if facts.invalid else ratings_of(findings, metrics),
        gate=gate,
        broken=broken_of(facts),
        spans=spans_of(facts),
    )


def _clock(facts: Facts) -> dict[str, Any]:
    """Mode, pace, jumps and pauses: what every report states. Seconds jumped are drill seconds, paused ones real."""
    line = facts.line
    return {
        "mode": line.opened.clock,
        "pace": line.opened.pace,
        "jumps": len(line.jumps),
        "jumped_s": round(sum(to_s - from_s for from_s, to_s in line.jumps), 3),
        "pauses": len(line.pauses),
        "paused_s": round(sum(line.pauses), 3),
    }
