"""The report as one HTML page. The words come from the view model; the template only arranges them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from blackstart import events as ev
from blackstart.render.clean import clean, one_line
from blackstart.render.inputs import told
from blackstart.render.model import NOTICE, RATING_MEANS, View, view
from blackstart.render.moments import moments
from blackstart.render.picture.draw import draw
from blackstart.render.plain import what_happened
from blackstart.render.style import PALETTE
from blackstart.render.words import clock_time, count, drill_time, duration

if TYPE_CHECKING:
    from jinja2 import Template

    from blackstart.events import Event
    from blackstart.review.model import Review

__all__ = ["page"]

EVERY_EVENT_UP_TO = 2_000
"""A longer record is listed without what is frequent and cited by nothing."""

FREQUENT = (ev.ProbesSampled, ev.ClockJumped, ev.AuditSeen)


@dataclass(frozen=True, slots=True)
class Row:
    """One event of the list."""

    seq: int
    time: str
    clock: str
    kind: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    seq: int
    time: str
    clock: str
    who: str
    channel: str
    text: str
    bot: bool
    pinned: bool


@dataclass(frozen=True, slots=True)
class Command:
    seq: int
    time: str
    clock: str
    who: str
    line: str
    code: int | None
    took: str
    output: str


def page(review: Review, events: Sequence[Event]) -> str:
    """The whole page, self-contained."""
    said = view(review, events)
    listed = rows(events, _cited(said))
    return _template().render(
        said=said,
        notice=NOTICE,
        palette=PALETTE,
        known=told(events),
        picture=draw(review, events, links=True).svg,
        moments=moments(review, events),
        rating_means=RATING_MEANS,
        messages=messages(events),
        commands=commands(events),
        rows=listed,
        left_out=len(events) - len(listed),
        here={row.seq for row in listed},
        count=count,
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("blackstart.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")


def _cited(said: View) -> set[int]:
    cited = {seq for one in said.findings.all for seq in one.evidence}
    cited |= {seq for step in said.steps for seq in [*step.commands, *step.audit]}
    return cited | {
        seq for one in said.metrics for seq in (one.start_event, one.end_event) if seq is not None
    }


def rows(events: Sequence[Event], cited: set[int]) -> list[Row]:
    """Every event; of a very long record, all but the frequent kinds that nothing cites."""
    short = len(events) <= EVERY_EVENT_UP_TO
    return [
        Row(
            event.seq,
            drill_time(event.drill_s),
            clock_time(event.at),
            one_line(event.kind, 40),
            one_line(event.actor, 40),
            what_happened(event),
        )
        for event in events
        if short or event.seq in cited or not isinstance(event.body, FREQUENT)
    ]


def messages(events: Sequence[Event]) -> list[Message]:
    """What was written, in every channel, in order."""
    pinned = {event.body.message for event in events if isinstance(event.body, ev.ThreadPinned)}
    return [
        Message(
            event.seq,
            drill_time(event.drill_s),
            clock_time(event.at),
            one_line(event.actor, 40),
            one_line(event.body.channel, 40),
            clean(event.body.text.shown),
            event.body.bot,
            event.body.message in pinned,
        )
        for event in events
        if isinstance(event.body, ev.ThreadPosted)
    ]


def commands(events: Sequence[Event]) -> list[Command]:
    """What was run, with what it showed."""
    ended = {event.body.command: event.body for event in events if isinstance(event.body, ev.CommandFinished)}
    return [
        _command(event, event.body, ended.get(event.body.command))
        for event in events
        if isinstance(event.body, ev.CommandStarted)
    ]


def _command(event: Event, body: ev.CommandStarted, end: ev.CommandFinished | None) -> Command:
    return Command(
        event.seq,
        drill_time(event.drill_s),
        clock_time(event.at),
        one_line(event.actor, 40),
        clean(body.line.shown, 2000),
        end.exit_code if end else None,
        (duration(end.real_s) if end.real_s >= 1 else "under 1 s") if end else "not finished",
        clean(end.output.shown, 4000) if end else "",
    )
