"""Metrics in words: a value, how far it may be off, and why where it is no plain measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from blackstart.render.clean import one_line
from blackstart.render.words import duration, plus_minus, share

if TYPE_CHECKING:
    from blackstart.review.model import Metric

__all__ = ["Figure", "figure", "value"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric in words. `value` is what to read out; `reason` says why when it is no plain measurement."""

    name: str
    title: str
    value: str
    plus_minus: str
    status: Literal["measured", "censored", "void"]
    reason: str
    start_event: int | None
    end_event: int | None

    @property
    def text(self) -> str:
        """Value and uncertainty on one line."""
        return f"{self.value} {self.plus_minus}".strip()

    @property
    def note(self) -> str:
        """The reason, led by the status where that is not plainly "measured"."""
        if self.status == "measured":
            return self.reason
        reason = self.reason or "the record does not say why"
        return f"{self.status.capitalize()}: {reason}" + ("" if reason[-1] in ".!?" else ".")

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The value's words, each with whether it is a number (faces may set those larger)."""
        return [(word, word.lstrip("\u2212").rstrip("%").isdigit()) for word in self.value.split(" ")]


def figure(metric: Metric) -> Figure:
    """One metric in words."""
    return Figure(
        metric.name,
        one_line(metric.title),
        value(metric),
        plus_minus(metric.uncertainty_s) if metric.status != "void" and metric.seconds is not None else "",
        metric.status,
        one_line(metric.reason, 400),
        metric.start_event,
        metric.end_event,
    )


def value(metric: Metric) -> str:
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
