"""What the picture shows, lane by lane, before it is drawn: probes, faults, pages, roles, messages, commands.

Instants come from the events. What lasted (a probe red, a fault active, a role held) is the review's to say, and comes
from its spans, whose lanes are `probe:`, `fault:` and `role:` with a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from blackstart import events as ev
from blackstart.render.clean import one_line
from blackstart.render.words import drill_time

if TYPE_CHECKING:
    from blackstart.events import Event
    from blackstart.review.model import Review, Span

__all__ = ["Bar", "Lane", "Mark", "lanes"]

MOST_CHANNELS = 6
"""More channels than this share a last lane."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch on a lane. `kind`: green, red, missing, fault, role, phase or stage."""

    start_s: float
    end_s: float
    kind: str
    text: str
    seq: int
    tip: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant on a lane. `kind`: page, ack, escalated, message, asked, pinned, command or nonzero (its exit code was not 0)."""

    at_s: float
    kind: str
    text: str
    seq: int | None
    tip: str


@dataclass(slots=True)
class Lane:
    """One line of the picture. `empty` is said where the lane has nothing to show."""

    group: str
    label: str
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    empty: str = ""


def lanes(review: Review, events: Sequence[Event]) -> list[Lane]:
    """Every lane, in the order in which they are drawn. Lanes of one group stand together."""
    end = events[-1].drill_s if events else 0.0
    return [
        *_stages(events, end),
        *_probes(review, events, end),
        *_faults(review, events),
        *_pager(events),
        *_roles(review, events, end),
        *_messages(events),
        *_commands(events),
        *_status(events, end),
    ]


def _tip(event: Event, text: str) -> str:
    return f"{drill_time(event.drill_s)}  {one_line(text, 300)}  (event {event.seq})"


def _stages(events: Sequence[Event], end: float) -> Iterator[Lane]:
    entered = [(event, event.body.stage) for event in events if isinstance(event.body, ev.StageEntered)]
    lane = Lane("stage", "", empty="" if entered else "none was entered")
    for index, (event, stage) in enumerate(entered):
        until = entered[index + 1][0].drill_s if index + 1 < len(entered) else end
        if until > event.drill_s:
            name = one_line(stage, 24)
            lane.bars.append(
                Bar(event.drill_s, until, "stage", name, event.seq, _tip(event, f"stage {name}"))
            )
    yield lane


# --- probes and faults ----------------------------------------------------------------------------


def _probes(review: Review, events: Sequence[Event], end: float) -> Iterator[Lane]:
    """Green from the first reading on, save where the review saw it red or without an answer."""
    kinds = {event.body.probe: event.body.of for event in events if isinstance(event.body, ev.ProbeDeclared)}
    first: dict[str, Event] = {}
    for event in events:
        if isinstance(event.body, ev.ProbeChanged):
            first.setdefault(event.body.probe, event)
    for name in dict.fromkeys([*kinds, *first]):
        lane = Lane(f"{kinds.get(name, 'component')} probes", one_line(name, 24))
        if name in first:
            begin = first[name]
            whole = Bar(
                begin.drill_s, end, "green", "", begin.seq, _tip(begin, f"{name} green where not red")
            )
            off = [_off(name, span) for span in _spans(review, f"probe:{name}")]
            lane.bars = list(_between(whole, off))
        else:
            lane.empty = "never read"
        yield lane


def _off(name: str, span: Span) -> Bar:
    kind = "missing" if span.label == "missing" else "red"
    text = "no answer" if kind == "missing" else one_line(span.label)
    tip = f"{drill_time(span.start_s)} to {drill_time(span.end_s)}  {one_line(name)}: {text}  (event {span.start_event})"
    return Bar(span.start_s, span.end_s, kind, text, span.start_event, tip)


def _between(whole: Bar, cut: Sequence[Bar]) -> Iterator[Bar]:
    """The bars of `cut`, and what they leave of `whole` between them."""
    at = whole.start_s
    for bar in cut:
        if bar.start_s > at:
            yield replace(whole, start_s=at, end_s=bar.start_s)
        yield bar
        at = max(at, bar.end_s)
    if at < whole.end_s:
        yield replace(whole, start_s=at)


def _faults(review: Review, events: Sequence[Event]) -> Iterator[Lane]:
    for event in events:
        if isinstance(event.body, ev.FaultIntended):
            name, body = event.body.fault, event.body
            lane = Lane("faults", one_line(name, 24), empty=f"{one_line(body.type)}: never injected")
            for span in _spans(review, f"fault:{name}"):
                text = one_line(span.label)
                tip = f"{drill_time(span.start_s)} to {drill_time(span.end_s)}  {text}  (event {span.start_event})"
                lane.bars.append(Bar(span.start_s, span.end_s, "fault", text, span.start_event, tip))
                lane.empty = ""
            yield lane


def _spans(review: Review, lane: str) -> list[Span]:
    return sorted((span for span in review.spans if span.lane == lane), key=lambda span: span.start_s)


# --- people ---------------------------------------------------------------------------------------


def _pager(events: Sequence[Event]) -> Iterator[Lane]:
    lane = Lane("pager", "pages")
    for event in events:
        match event.body:
            case ev.PageDelivered(to=to, tier=tier):
                text = f"page to {one_line(to)}" + (f", tier {tier}" if tier > 1 else "")
                lane.marks.append(Mark(event.drill_s, "page", text, event.seq, _tip(event, text)))
            case ev.PageAcked(by=by):
                text = f"acknowledged by {one_line(by)}"
                lane.marks.append(Mark(event.drill_s, "ack", text, event.seq, _tip(event, text)))
            case ev.PageEscalated(to=to, why=why):
                text = f"escalated to {one_line(to)}"
                lane.marks.append(
                    Mark(event.drill_s, "escalated", text, event.seq, _tip(event, f"{text}: {why}"))
                )
    if not lane.marks:
        lane.empty = "nobody was paged"
    yield lane


def _role_of(span: Span) -> str:
    return span.lane.removeprefix("role:") if span.lane.startswith("role:") else ""


def _roles(review: Review, events: Sequence[Event], end: float) -> Iterator[Lane]:
    roles = {
        role: Lane("roles", one_line(role, 24), empty="never claimed")
        for role in _known_roles(review, events)
    }
    for span in review.spans:
        if role := _role_of(span):
            tip = f"{one_line(span.label)} held {one_line(role)} from {drill_time(span.start_s)}"
            bar = Bar(
                span.start_s, min(span.end_s, end), "role", one_line(span.label, 40), span.start_event, tip
            )
            roles[role].bars.append(bar)
            roles[role].empty = ""
    yield from roles.values()


def _known_roles(review: Review, events: Sequence[Event]) -> list[str]:
    """Those of the participants first, in their order, then whatever else was held."""
    roles: dict[str, None] = {}
    for event in events:
        if isinstance(event.body, ev.DrillOpened):
            for person in event.body.participants:
                roles.update(dict.fromkeys(str(role) for role in person.get("roles", [])))
    roles.update(dict.fromkeys(_role_of(span) for span in review.spans if _role_of(span)))
    return list(roles)


def _messages(events: Sequence[Event]) -> Iterator[Lane]:
    found: dict[str, Lane] = {"incident": Lane("messages", "incident", empty="nobody wrote here")}
    pinned = {event.body.message for event in events if isinstance(event.body, ev.ThreadPinned)}
    for event in events:
        if isinstance(event.body, ev.ThreadPosted):
            lane = found.setdefault(event.body.channel, Lane("messages", one_line(event.body.channel, 24)))
            lane.marks.append(_message(event, event.body, event.body.message in pinned))
            lane.empty = ""
    every = list(found.values())
    if len(every) > MOST_CHANNELS:
        rest = Lane("messages", f"{len(every) - MOST_CHANNELS + 1} more channels")
        rest.marks = sorted(
            (m for lane in every[MOST_CHANNELS - 1 :] for m in lane.marks), key=lambda m: m.at_s
        )
        every = [*every[: MOST_CHANNELS - 1], rest]
    yield from every


def _message(event: Event, body: ev.ThreadPosted, pinned: bool) -> Mark:
    kind = "asked" if body.bot else ("pinned" if pinned else "message")
    who = one_line(event.actor, 40)
    return Mark(event.drill_s, kind, who, event.seq, _tip(event, f"{who}: {body.text.shown}"))


def _commands(events: Sequence[Event]) -> Iterator[Lane]:
    codes = {
        event.body.command: event.body.exit_code
        for event in events
        if isinstance(event.body, ev.CommandFinished)
    }
    found: dict[str, Lane] = {}
    for event in events:
        if isinstance(event.body, ev.CommandStarted):
            lane = found.setdefault(event.actor, Lane("terminals", one_line(event.actor, 24)))
            code = codes.get(event.body.command)
            line = one_line(event.body.line.shown, 300)
            tip = _tip(event, f"$ {line}" + (f", exit code {code}" if code else ""))
            lane.marks.append(Mark(event.drill_s, "nonzero" if code else "command", line, event.seq, tip))
    yield from found.values() or [Lane("terminals", "commands", empty="no command was run")]


def _status(events: Sequence[Event], end: float) -> Iterator[Lane]:
    posts = [(event, event.body) for event in events if isinstance(event.body, ev.StatusPosted)]
    lane = Lane("status page", "phase", empty="" if posts else "nothing was posted")
    for index, (event, body) in enumerate(posts):
        until = posts[index + 1][0].drill_s if index + 1 < len(posts) else end
        phase = one_line(body.phase, 40)
        lane.bars.append(
            Bar(event.drill_s, until, "phase", phase, event.seq, _tip(event, f"{phase}: {body.text.shown}"))
        )
    yield lane
