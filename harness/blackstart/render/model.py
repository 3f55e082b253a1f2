"""What a report says, before any face of it: every number in words, every finding in its order.

HTML, Markdown, JUnit and the terminal are built from this one model, so that they cannot disagree.
Pure: a review and, for the faces that show what happened, the record's events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from blackstart.events import DrillOpened, Event
from blackstart.render.clean import one_line
from blackstart.render.figures import Figure, figure
from blackstart.render.findings import Change, Findings, changes, findings
from blackstart.render.words import count, drill_time, duration

if TYPE_CHECKING:
    from blackstart.review.model import Broken, Review, StepLine

__all__ = ["NOTICE", "RATING_MEANS", "BrokenView", "StepView", "View", "view"]

NOTICE = "Drill: nothing of this was real production."

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
    "failed": "The drill ran, and its gate did not hold.",
    "invalid": "The replica was never steady, or a fault had no effect, so this says nothing about people.",
    "aborted": "The drill was broken off. What was measured until then is shown.",
    "unclosed": "The record has no end: the harness died. What was recorded until then is shown.",
}


@dataclass(frozen=True, slots=True)
class StepView:
    """One runbook step beside what was done."""

    state: str
    title: str
    step: str
    where: str
    commands: list[int]
    audit: list[int]
    reason: str


@dataclass(frozen=True, slots=True)
class BrokenView:
    """One fault: what was broken, from when to when in drill time, and who ended it."""

    what: str
    name: str
    begin: str
    end: str
    by: str
    state: str
    events: list[int]


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
    other_reasons: list[str]
    clock: list[str]
    headline: list[Figure]
    changes: list[Change]
    metrics: list[Figure]
    findings: Findings
    broken: list[BrokenView]
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
    reasons = [one_line(reason, 400) for reason in review.gate.reasons]
    return View(
        drill=one_line(review.drill),
        scenario=one_line(review.scenario),
        title=one_line(review.title),
        outcome=review.outcome,
        verdict=OUTCOMES[review.outcome],
        outcome_means=_outcome_means(review),
        reasons=reasons,
        other_reasons=_not_of_findings(reasons, [one.rule for one in [*found.failed, *found.unknown]]),
        clock=clock_words(review.clock),
        headline=[figures[name] for name in review.headline if name in figures],
        changes=changes(review.findings, found.failed),
        metrics=list(figures.values()),
        findings=found,
        broken=[_broken(fault) for fault in review.broken],
        steps=[_step(line) for line in review.steps],
        ratings=[
            (one_line(rating.capability), rating.rating, [one_line(why) for why in rating.because])
            for rating in review.ratings
        ],
        about=about(events),
    )


def _outcome_means(review: Review) -> str:
    if review.outcome == "failed" and review.gate.verdict == "pass":
        return "Its gate held, but not every fault is proven healed."
    if review.outcome == "failed" and review.gate.verdict == "unknown":
        return "The drill ran, and its gate could not be judged in full: unknown is never passed."
    return OUTCOME_MEANS[review.outcome]


def _not_of_findings(reasons: Sequence[str], rules: Sequence[str]) -> list[str]:
    """The gate's reasons but for those that a finding below says at length."""
    return [reason for reason in reasons if not any(reason.startswith(f"{rule} ") for rule in rules)]


_BY = {"harness": "the harness", "watchdog": "the watchdog", "recover": "blackstart recover"}


def _broken(fault: Broken) -> BrokenView:
    return BrokenView(
        what=one_line(f"{fault.type} on {fault.target}"),
        name=one_line(fault.fault),
        begin="" if fault.injected_s is None else drill_time(fault.injected_s),
        end="" if fault.over_s is None else drill_time(fault.over_s),
        by=_BY.get(fault.over_by, fault.over_by),
        state=fault.state,
        events=fault.events,
    )


def _step(line: StepLine) -> StepView:
    where = f"{one_line(line.file)}:{line.line}" if line.file else ""
    title, step, reason = one_line(line.title), one_line(line.step), one_line(line.reason, 400)
    return StepView(line.state, title, step, where, line.commands, line.audit, reason)


# --- the drill ------------------------------------------------------------------------------------


def clock_words(clock: dict[str, Any]) -> list[str]:
    """Mode, pace, jumps and pauses in sentences. Every report states them."""
    mode, pace = clock.get("mode", ""), clock.get("pace", 1.0)
    sentences = {
        "real": "Drill time was wall time.",
        "paced": f"Drill time ran {pace:g} times as fast as wall time; each uncertainty grew by as much.",
        "jump": "The clock jumped from one instant to the next whenever everybody only waited.",
    }
    length = clock.get("length_s")
    return [
        *([f"It took {duration(float(length))} of drill time."] if isinstance(length, (int, float)) else []),
        sentences.get(mode, "The record does not say how the clock ran."),
        _stops("jump", "in all", clock.get("jumps", 0), clock.get("jumped_s")),
        _stops("pause", "in all, which count nowhere", clock.get("pauses", 0), clock.get("paused_s")),
    ]


def _stops(what: str, length: str, which: Any, seconds: Any) -> str:
    """ "57 jumps, 1 h 14 min in all." from a number or a list, and the seconds, if they are known."""
    number = len(which) if isinstance(which, (list, tuple)) else int(which or 0)
    if number and isinstance(seconds, (int, float)):
        return f"{count(number, what)}, {duration(float(seconds))} {length}."
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
                "Probes": f"read every {body.probe_interval_s:g} s",
                "Version": f"blackstart {one_line(body.blackstart)}",
            }
    return {}


def _participant(person: dict[str, Any]) -> str:
    roles = ", ".join(str(role) for role in person.get("roles", []))
    return one_line(f"{person.get('id', '?')} ({roles})" if roles else str(person.get("id", "?")))
