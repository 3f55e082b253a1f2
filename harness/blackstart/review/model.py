"""What a review says, as `review.json` has it: a public, versioned format (docs/schema/review.schema.json).

Everything in it was computed from the record alone; the same record gives the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["Finding", "Gate", "Metric", "Rating", "Review", "Span", "StepLine", "Where", "to_bytes"]

REVIEW_SCHEMA = 1
RULES_VERSION = 1

Status = Literal["measured", "censored", "void"]
Verdict = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One timing (notes, metric definitions). `seconds` or `share` is set when measured, and when censored is
    the part that was seen. `start_event` and `end_event` are event numbers. `uncertainty_s` is plus or minus.
    """

    name: str
    title: str
    seconds: float | None
    share: float | None
    uncertainty_s: float
    start_event: int | None
    end_event: int | None
    status: Status
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StepLine:
    """One runbook step beside what was done. `missing`: commands that helped and that no runbook has.

    `commands` are the numbers of the events that began each, `audit` those of the component's own log beside them.
    """

    runbook: str
    step: str
    title: str
    state: Literal["done", "skipped", "out of order", "failed", "missing"]
    file: str
    line: int
    commands: list[int]
    reason: str = ""
    audit: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Where:
    """The runbook line or protocol rule concerned."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's verdict on this drill. `rule` is its row in the notes and a slug: "P16-update-cadence".

    `evidence` are event numbers. Minutes are 0 when the rule costs none, None when they cannot be proven.
    """

    id: str
    rule: str
    verdict: Verdict
    severity: Literal["info", "minor", "major"]
    title: str
    detail: str
    evidence: list[int]
    minutes_to_recovery: float | None
    minutes_in_the_dark: float | None
    where: Where | None
    proposal: str


@dataclass(frozen=True, slots=True)
class Rating:
    """P, S, M or U for one capability, never above what the findings support."""

    capability: str
    rating: Literal["P", "S", "M", "U"]
    because: list[str]


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether the drill passed its scenario's gate; `reasons` has each condition that failed or is unknown."""

    verdict: Verdict
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Broken:
    """One fault of the drill. Times are drill seconds; `over_s` is when it was over, `over_by` who ended it.

    Where people mended it, it was over when its probe turned green; else when it was undone.
    """

    fault: str
    type: str
    target: str
    state: Literal["proven healed", "not proven healed", "no effect", "not injected", "skipped"]
    injected_s: float | None
    over_s: float | None
    over_by: Literal["people", "harness", "watchdog", "recover", ""]
    events: list[int]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of drill time on one lane of the picture. Lanes are `probe:`, `fault:` and `role:` with a name.

    A probe's stretches are those in which it was not green; the label is its reason, or "missing".
    """

    lane: str
    label: str
    start_s: float
    end_s: float
    start_event: int
    end_event: int | None


@dataclass(frozen=True, slots=True)
class Review:
    """The judgement of one drill."""

    schema: int
    rules: int
    drill: str
    scenario: str
    title: str
    outcome: Literal["passed", "failed", "invalid", "aborted", "unclosed"]
    clock: dict[str, Any]
    headline: list[str]
    metrics: list[Metric]
    steps: list[StepLine]
    findings: list[Finding]
    ratings: list[Rating]
    gate: Gate
    broken: list[Broken] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def to_bytes(review: Review) -> bytes:
    """`review.json`: canonical, so that the same record gives the same file byte for byte."""
    text = json.dumps(review.to_json(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"
