"""How a metric is written down, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from blackstart.review.model import Metric, Status

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.facts import Facts
    from blackstart.review.health import Edge

__all__ = ["Measure", "broke", "censored", "measured", "metric", "metrics_of", "void"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric without its name."""

    status: Status
    seconds: float | None = None
    share: float | None = None
    uncertainty_s: float = 0.0
    start: Event | None = None
    end: Event | None = None
    reason: str = ""

    def because(self, reason: str) -> Measure:
        """The same with one more sentence."""
        return replace(self, reason="; ".join(part for part in (self.reason, reason) if part))


def measured(start: Event, end: Event, uncertainty_s: float = 0.0, reason: str = "") -> Measure:
    """From one event to the other, both seen."""
    return Measure("measured", end.drill_s - start.drill_s, None, uncertainty_s, start, end, reason)


def censored(start: Event, until_s: float, reason: str, uncertainty_s: float = 0.0) -> Measure:
    """The end was not seen up to `until_s`: the seconds are what was seen of it."""
    return Measure("censored", until_s - start.drill_s, None, uncertainty_s, start, None, reason)


def void(reason: str) -> Measure:
    """It means nothing in this drill."""
    return Measure("void", reason=reason)


def broke(facts: Facts) -> Edge:
    """e_eff. Metrics are only asked for when there was one."""
    if facts.effect is None:
        raise RuntimeError("asked for a metric of a drill in which nothing broke")
    return facts.effect


Maker = Callable[["Facts"], Measure]

_MAKERS: dict[str, tuple[str, Maker]] = {}

_ORDER = (
    "TTD",
    "TTD by alert",
    "TTD by people",
    "TTN",
    "TTA",
    "TTA from alert",
    "TTA from effect",
    "TTRoles",
    "TTE",
    "TTC",
    "TTC from delivery",
    "TTC before delivery",
    "TTC from acknowledgement",
    "TTC external",
    "TTScope",
    "TTM",
    "TTR",
    "update adherence",
    "silence",
    "in the dark",
    "comms debt",
    "claim error",
    "observation window",
)
"""The fourteen that a protocol can name, each with the parts that the notes ask to be printed beside it."""


def metric(name: str, title: str) -> Callable[[Maker], Maker]:
    """Register a metric by its public name."""

    def register(maker: Maker) -> Maker:
        _MAKERS[name] = (title, maker)
        return maker

    return register


def metrics_of(facts: Facts) -> list[Metric]:
    """All of them, in a fixed order. In an invalid drill every one is void; one that crashes is void and says so."""
    from blackstart.review.metrics import pager, recovery, told, work  # they register themselves

    del pager, told, work
    found = list(_all(facts))
    if not facts.invalid and facts.effect:
        index = next(index for index, metric in enumerate(found) if metric.name == "TTR") + 1
        found[index:index] = recovery.by_workflow(facts)
    return found


def _all(facts: Facts) -> Iterator[Metric]:
    for name in _ORDER:
        title, maker = _MAKERS[name]
        yield written(name, title, _made(maker, facts))


def _made(maker: Maker, facts: Facts) -> Measure:
    if facts.invalid:
        return void(f"the drill is invalid: {facts.invalid}")
    if facts.effect is None:
        return void("nothing broke: no fault had an effect")
    try:
        return maker(facts)
    except Exception as error:  # an analysis that crashed is no measurement, and must not hide the others
        return void(f"computing it failed: {type(error).__name__}: {error}")


def written(name: str, title: str, measure: Measure) -> Metric:
    """With its name, and numbers to the millisecond."""
    return Metric(
        name,
        title,
        _rounded(measure.seconds),
        None if measure.share is None else round(measure.share, 4),
        round(measure.uncertainty_s, 3),
        measure.start.seq if measure.start else None,
        measure.end.seq if measure.end else None,
        measure.status,
        measure.reason,
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3) + 0.0
