"""What a report says, before any face of it: every number in words, every finding in its order.

HTML, Markdown, JUnit and the terminal are built from this one model, so that they cannot disagree.
Pure: a review and, for the faces that show what happened, the record's events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from blackstart.events import DrillOpened, Event
from blackstart.render.clean import clean, one_line
from blackstart.render.words import count, duration, minutes, plus_minus, share
from blackstart.review.model import Finding, Metric, Review

__all__ = ["NOTICE", "Change", "Figure", "Findings", "FoundView", "View", "metric_value", "view"]

NOTICE = "Drill: nothing of this was real production."

SEVERITIES = ("major", "minor", "info")

RATING_MEANS = {
    "P": "Performed without challenges: the targets were met, and nothing else suffered.",
    "S": "Performed with some challenges: the targets were met, and it can be done better or faster.",
    "M": "Performed with major challenges: the goal was reached, but other work suffered on the way.",
    "U": "Unable to be performed: the goal was not reached.",
}
"""The field's four ratings (notes, HSEEP). M still reaches the goal."""

OUTCOMES = {
    "passed": "Passed",
    "failed": "Failed",
    "invalid": "Invalid: nobody is scored",
    "aborted": "Aborted",
    "unclosed": "Unclosed",
}

OUTCOME_MEANS = {
    "passed": "Every condition of the gate held.",
    "failed": "The drill ran to its end, and its gate did not hold.",
    "invalid": "The replica was never steady, or a fault had no effect, so this says nothing about people.",
    "aborted": "The drill was broken off. What was measured until then is shown.",
    "unclosed": "The record has no end: the harness died. What was recorded until then is shown.",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric in words. `value` is what to read out; `note` says why when it is no plain measurement."""

    name: str
    title: str
    value: str
    plus_minus: str
    status: Literal["measured", "censored", "void"]
    note: str
    start_event: int | None
    end_event: int | None

    @property
    def text(self) -> str:
        """Value and uncertainty on one line."""
        return f"{self.value} {self.plus_minus}".strip()

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The value's words, each with whether it is a number (faces may set those larger)."""
        return [(word, word.lstrip("\u2212").rstrip("%").isdigit()) for word in self.value.split(" ")]


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
        parts = [count(len(self.failed), "finding") + " failed"]
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


@dataclass(frozen=True, slots=True)
class StepView:
    """One runbook step beside what was done."""

    state: str
    title: str
    step: str
    where: str
    commands: list[int]
    reason: str


@dataclass(frozen=True, slots=True)
class View:
    """Everything that every face says."""

    drill: str
    scenario: str
    title: str
    outcome: str
    verdict: str
    outcome_means: str
    reasons: list[str]
    clock: list[str]
    headline: list[Figure]
    changes: list[Change]
    metrics: list[Figure]
    findings: Findings
    steps: list[StepView]
    ratings: list[tuple[str, str, list[str]]]
    about: dict[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """The scenario without its folder and ending: "vault/auth-503"."""
        path = PurePosixPath(self.scenario)
        parts = path.with_suffix("").parts if path.suffix in (".yaml", ".yml") else path.parts
        return "/".join(parts[parts.index("scenarios") + 1 :] if "scenarios" in parts else parts)


def view(review: Review, events: Sequence[Event] = ()) -> View:
    """The model of one review. Without events it lacks `about`, which is of the record's header alone."""
    figures = {metric.name: figure(metric) for metric in review.metrics}
    found = findings(review.findings)
    return View(
        drill=one_line(review.drill),
        scenario=one_line(review.scenario),
        title=one_line(review.title),
        outcome=review.outcome,
        verdict=OUTCOMES[review.outcome],
        outcome_means=OUTCOME_MEANS[review.outcome],
        reasons=[one_line(reason, 400) for reason in review.gate.reasons],
        clock=clock_words(review.clock),
        headline=[figures[name] for name in review.headline if name in figures],
        changes=changes(review.findings, found.failed),
        metrics=list(figures.values()),
        findings=found,
        steps=[_step(line) for line in review.steps],
        ratings=[
            (one_line(rating.capability), rating.rating, [one_line(why) for why in rating.because])
            for rating in review.ratings
        ],
        about=about(events),
    )


# --- metrics --------------------------------------------------------------------------------------


def figure(metric: Metric) -> Figure:
    """One metric in words."""
    return Figure(
        metric.name,
        one_line(metric.title),
        metric_value(metric),
        plus_minus(metric.uncertainty_s) if metric.status != "void" and metric.seconds is not None else "",
        metric.status,
        _note(metric),
        metric.start_event,
        metric.end_event,
    )


def metric_value(metric: Metric) -> str:
    """ "12 min 40 s", "at least 1 h 30 min", "94%" or "not measurable"."""
    if metric.share is not None:
        plain = share(metric.share)
    elif metric.seconds is not None:
        plain = duration(metric.seconds, metric.uncertainty_s)
    else:
        return "not measurable" if metric.status == "void" else "not reached"
    if metric.status == "void":
        return "not measurable"
    return f"at least {plain}" if metric.status == "censored" and metric.seconds is not None else plain


def _note(metric: Metric) -> str:
    reason = one_line(metric.reason, 400)
    if metric.status == "measured":
        return reason
    lead = {"censored": "Censored: its end was never seen.", "void": "Void: it cannot be measured here."}
    return f"{lead[metric.status]} {_sentence(reason)}".strip()


def _sentence(text: str) -> str:
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


# --- findings -------------------------------------------------------------------------------------


def findings(found: Sequence[Finding]) -> Findings:
    """By verdict, and among those worst and costliest first; the rest in the review's order."""
    ordered = sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -_cost(one)))
    by = {verdict: [_found(one) for one in ordered if one.verdict == verdict] for verdict in VERDICTS}
    return Findings(by["fail"], by["unknown"], by["pass"])


VERDICTS = ("fail", "unknown", "pass")


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
            picked.setdefault(it.proposal, Change(it.proposal, it.rule, it.cost, it.where, it.id))
    return list(picked.values())[:most]


def _step(line: Any) -> StepView:
    where = f"{one_line(line.file)}:{line.line}" if line.file else ""
    return StepView(
        line.state,
        one_line(line.title),
        one_line(line.step),
        where,
        line.commands,
        one_line(line.reason, 400),
    )


# --- the drill ------------------------------------------------------------------------------------


def clock_words(clock: dict[str, Any]) -> list[str]:
    """Mode, pace, jumps and pauses in sentences. Every report states them."""
    mode, pace = clock.get("mode", ""), clock.get("pace", 1.0)
    sentences = {
        "real": "Drill time was wall time.",
        "paced": f"Drill time ran {pace:g} times as fast as wall time; each uncertainty grew by as much.",
        "jump": "The clock jumped from one instant to the next whenever everybody only waited.",
    }
    return [
        sentences.get(mode, "The record does not say how the clock ran."),
        _stops("jump", "were jumped", clock.get("jumps", 0), clock.get("jumped_s")),
        _stops("pause", "were paused and count nowhere", clock.get("pauses", 0), clock.get("paused_s")),
    ]


def _stops(what: str, verb: str, which: Any, seconds: Any) -> str:
    """ "57 jumps: 1 h 14 min were jumped." from a number or a list, and the seconds, if they are known."""
    number = len(which) if isinstance(which, (list, tuple)) else int(which or 0)
    if number and isinstance(seconds, (int, float)):
        return f"{count(number, what)}: {duration(float(seconds))} {verb}."
    return f"{count(number, what).capitalize()}."


def about(events: Sequence[Event]) -> dict[str, str]:
    """The header in words: when, who, on what, by which version."""
    for event in events:
        if isinstance(event.body, DrillOpened):
            body = event.body
            return {
                "Date": f"{body.start[:10]}, {body.start[11:16]} UTC",
                "Crew": f"{one_line(body.crew)} (simulated people, seed {body.seed})",
                "Participants": ", ".join(_participant(person) for person in body.participants),
                "Replica": one_line(body.replica),
                "Length": f"{duration(events[-1].drill_s)} of drill time",
                "Probes": f"read every {body.probe_interval_s:g} s",
                "Version": f"blackstart {one_line(body.blackstart)}",
            }
    return {}


def _participant(person: dict[str, Any]) -> str:
    roles = ", ".join(str(role) for role in person.get("roles", []))
    return one_line(f"{person.get('id', '?')} ({roles})" if roles else str(person.get("id", "?")))
