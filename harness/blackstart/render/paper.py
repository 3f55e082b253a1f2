"""The after-action report in Markdown, in the order in which the field writes it (notes, HSEEP)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from blackstart.render.clean import one_line
from blackstart.render.inputs import Told, told
from blackstart.render.model import NOTICE, RATING_MEANS, View, view
from blackstart.render.moments import moments

if TYPE_CHECKING:
    from blackstart.events import Event
    from blackstart.render.findings import FoundView
    from blackstart.review.model import Review

__all__ = ["paper"]


def paper(review: Review, events: Sequence[Event]) -> str:
    """The whole document. Whatever the texts hold, its tables stay tables."""
    said, known = view(review, events), told(events)
    parts = [
        *_overview(said, known),
        *_headline(said),
        *_changes(said),
        *_broken(said),
        *_metrics(said),
        *_findings(said),
        *_steps(said),
        *_ratings(said),
        *_timeline(review, events),
        *_plan(said, known),
    ]
    return "\n".join(parts).rstrip() + "\n"


_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def text(words: str) -> str:
    """Somebody's words on one line as plain Markdown: nothing in them is markup, and no cell ends early."""
    plain = _SPECIAL.sub(r"\\\1", one_line(words, 2000))
    plain = re.sub(r"^(\d*)([-+=:.)])", r"\1\\\2", plain)
    return re.sub(r"(https?|www|ftp)([:.])", r"\1\\\2", plain, flags=re.IGNORECASE)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of cells that are Markdown already."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell or " " for cell in row) + " |"
    yield ""


def _overview(said: View, known: Told) -> Iterator[str]:
    yield f"# After-action report: {text(said.title)}"
    yield ""
    yield f"**{NOTICE}**"
    yield ""
    yield "## Overview"
    yield ""
    rows = [("Drill", said.drill), ("Scenario", said.scenario), *said.about.items()]
    rows += [
        (name, value)
        for name, value in (("Blocked", ", ".join(known.blocks)), ("Story", known.story))
        if value
    ]
    rows.append(("Clock", " ".join(said.clock)))
    yield from table(["What", "Value"], ((name, text(value)) for name, value in rows))
    yield f"**{text(said.verdict)}.** {text(said.outcome_means)}"
    yield ""
    for reason in said.other_reasons:
        yield f"- {text(reason)}"
    if said.other_reasons:
        yield ""


def _headline(said: View) -> Iterator[str]:
    yield "## Headline"
    yield ""
    rows = (
        [f"**{text(one.name)}** {text(one.title)}", f"**{text(one.text)}**", text(one.note)]
        for one in said.headline
    )
    yield from table(["Number", "Value", "Note"], rows)


def _changes(said: View) -> Iterator[str]:
    yield "## What to change first"
    yield ""
    if not said.changes:
        yield "Nothing: no failed finding proposes a change."
    for number, change in enumerate(said.changes, 1):
        cost = f" It cost {text(change.cost)}." if change.cost else ""
        where = f" See {text(change.where)}." if change.where else ""
        yield f"{number}. {text(change.proposal)} ({text(change.rule)}.{cost}{where})"
    yield ""


def _broken(said: View) -> Iterator[str]:
    yield "## What was broken"
    yield ""
    rows = (
        [
            text(one.what),
            text(one.name),
            one.begin,
            one.end,
            one.by,
            one.state,
            ", ".join(map(str, one.events)),
        ]
        for one in said.broken
    )
    yield from table(["Fault", "Name", "From", "To", "Ended by", "State", "Events"], rows)


def _metrics(said: View) -> Iterator[str]:
    yield "## Metrics"
    yield ""
    rows = (
        [
            text(one.name),
            text(one.title),
            text(one.value),
            text(one.plus_minus),
            _event(one.start_event),
            _event(one.end_event),
            one.status,
            text(one.reason),
        ]
        for one in said.metrics
    )
    yield from table(
        ["Metric", "Meaning", "Value", "Uncertainty", "From event", "To event", "Status", "Note"], rows
    )


def _event(seq: int | None) -> str:
    return "" if seq is None else str(seq)


def _findings(said: View) -> Iterator[str]:
    yield "## Findings"
    yield ""
    yield f"{said.findings.sentence.rstrip('.')}."
    yield ""
    for one in [*said.findings.failed, *said.findings.unknown]:
        yield from _finding(one)
    if said.findings.passed:
        yield "### Passed"
        yield ""
        yield from table(
            ["Rule", "Finding", "Evidence"],
            ([text(one.rule), text(one.title), _evidence(one)] for one in said.findings.passed),
        )


def _finding(one: FoundView) -> Iterator[str]:
    word = "Failed" if one.verdict == "fail" else "Unknown"
    yield f"### {word} ({one.severity}): {text(one.title)}"
    yield ""
    if one.detail:
        yield text(one.detail)
        yield ""
    facts = [
        ("Rule", text(one.rule)),
        ("Added to recovery", one.recovery),
        ("In the dark", one.dark),
        ("Where", text(one.where)),
        ("Evidence", _evidence(one)),
        ("Proposal", text(one.proposal)),
    ]
    for name, value in facts:
        if value:
            yield f"- {name}: {value}"
    yield ""


def _evidence(one: FoundView) -> str:
    return ("events " + ", ".join(map(str, one.evidence))) if one.evidence else ""


def _steps(said: View) -> Iterator[str]:
    yield "## Runbook steps"
    yield ""
    rows = (
        [
            step.state,
            text(step.title),
            text(step.where),
            ", ".join(map(str, step.commands)),
            ", ".join(map(str, step.audit)),
            text(step.reason),
        ]
        for step in said.steps
    )
    yield from table(["State", "Step", "Where", "Command events", "Audit events", "Reason"], rows)


def _ratings(said: View) -> Iterator[str]:
    yield "## Ratings"
    yield ""
    rows = ([text(name), rating, text("; ".join(because))] for name, rating, because in said.ratings)
    yield from table(["Capability", "Rating", "Because"], rows)
    for letter, means in RATING_MEANS.items():
        yield f"- **{letter}** {means}"
    yield ""


def _timeline(review: Review, events: Sequence[Event]) -> Iterator[str]:
    yield "## Timeline"
    yield ""
    rows = (
        [one.clock, one.time, text(one.label), text(one.who), text(one.text), str(one.seq)]
        for one in moments(review, events)
    )
    yield from table(["UTC", "Drill time", "Moment", "Who", "What", "Event"], rows)


def _plan(said: View, known: Told) -> Iterator[str]:
    yield "## Improvement plan"
    yield ""
    yield "An item is closed by a later drill that passes, not by a date."
    yield ""
    rows = (
        [text(one.rule), text(one.title), text(one.proposal), text(known.owner_of(one.where)), "", ""]
        for one in said.findings.failed
    )
    yield from table(["Rule", "Finding", "Corrective action", "Owner", "Due", "Closed by drill"], rows)
