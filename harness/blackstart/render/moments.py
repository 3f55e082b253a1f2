"""The key moments of a drill: the few instants that the picture names and that the tables of the report list.

What counts as an acknowledgement, a first message or a recovery is the review's judgement: those moments are the
start and end events of its metrics. The rest are plain facts of the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart import events as ev
from blackstart.render.clean import one_line
from blackstart.render.plain import what_happened
from blackstart.render.words import clock_time, drill_time

if TYPE_CHECKING:
    from blackstart.events import Event
    from blackstart.review.model import Metric, Review

__all__ = ["Moment", "moments"]


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant with a short name. `text` is the event in plain words."""

    seq: int
    at_s: float
    label: str
    who: str
    text: str
    time: str
    clock: str


NAMED = (
    ("TTR", "start", "first red probe"),
    ("TTA", "start", "paged"),
    ("TTA", "end", "acknowledged"),
    ("TTC", "end", "first word to teams"),
    ("TTScope", "end", "impact told right"),
    ("TTRoles", "end", "roles named"),
    ("comms debt", "start", "first change"),
    ("TTE", "end", "first action"),
    ("TTR", "end", "all green"),
    ("TTM", "end", "impact over"),
    ("claim error", "start", "said to be fixed"),
    ("claim error", "end", "said to be fixed"),
    ("observation window", "end", "all-clear"),
)
"""Which end of which metric is which moment. Where one event is several, the first name here stands."""

SAME_AT_MOST = 3


def moments(review: Review, events: Sequence[Event]) -> list[Moment]:
    """In the order of the record; one event is one moment."""
    by_seq = {event.seq: event for event in events}
    labels: dict[int, str] = {}
    for seq, label in [*_of_metrics(review.metrics), *_some(_of_record(events))]:
        if seq in by_seq:
            labels.setdefault(seq, label)
    return [_moment(by_seq[seq], labels[seq]) for seq in sorted(labels)]


def _of_metrics(metrics: Sequence[Metric]) -> Iterator[tuple[int, str]]:
    by_name = {metric.name: metric for metric in metrics}
    for name, side, label in NAMED:
        metric = by_name.get(name)
        if metric is None or metric.status == "void" or (side == "end" and metric.status == "censored"):
            continue
        seq = metric.start_event if side == "start" else metric.end_event
        if seq is not None:
            yield seq, label


def _some(found: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """What happened again and again is named a few times only."""
    times: Counter[str] = Counter()
    for seq, label in found:
        times[label] += 1
        if times[label] <= SAME_AT_MOST:
            yield seq, label


def _of_record(events: Sequence[Event]) -> Iterator[tuple[int, str]]:
    for event in events:
        match event.body:
            case ev.FaultIneffective():
                yield event.seq, "fault without effect"
            case ev.SteadyFailed():
                yield event.seq, "not steady"
            case ev.AlertMissing():
                yield event.seq, "no alert came"
            case ev.PageEscalated():
                yield event.seq, "escalated"
            case ev.AbortAsked():
                yield event.seq, "abort"
            case ev.DrillResumed():
                yield event.seq, "resumed"
            case ev.ClockPaused():
                yield event.seq, "paused"
            case ev.ComponentExited(component=component):
                yield event.seq, f"{one_line(component, 20)} ended"
            case ev.DrillEnded(reason=reason):
                yield event.seq, "over" if reason == "recovered" else f"over: {reason}"
            case _:
                pass


def _moment(event: Event, label: str) -> Moment:
    return Moment(
        event.seq,
        event.drill_s,
        label,
        one_line(event.actor, 40),
        what_happened(event),
        drill_time(event.drill_s),
        clock_time(event.at),
    )
