"""The picture's time axis: one scale for everything, with long quiet stretches cut short and marked.

A drill has ten dense minutes and an hour in which people wait. Drawn to one scale, the ten minutes would be a smear.
So a stretch without any event worth a mark may be drawn narrower, as a break that names its length. Outside the
breaks one second is the same width everywhere. While something is red a stretch must be much longer to be cut: a
slow response has to look slow.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Scale", "Stretch", "make"]

QUIET_SHARE = 0.06
QUIET_LEAST_S = 240.0
"""A stretch is quiet when it is longer than this share of the drill, and than these seconds."""

QUIET_WHILE_RED_S = 1800.0

BREAK_WIDTH = 64.0
BREAKS_AT_MOST = 0.45
"""Each break is this wide, and all of them together never take more than this share of the picture."""

MARGIN = 0.012
"""Before and after a break, this share of the drawn time stays at full scale, so that no mark touches it."""

TICK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 604800)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the axis: drill seconds and where they are drawn."""

    start_s: float
    end_s: float
    left: float
    right: float
    cut: bool


class Scale:
    """Where a drill second is drawn."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.stretches = list(stretches)
        self._starts = [stretch.start_s for stretch in stretches]

    @property
    def left(self) -> float:
        return self.stretches[0].left

    @property
    def right(self) -> float:
        return self.stretches[-1].right

    @property
    def cuts(self) -> list[Stretch]:
        return [stretch for stretch in self.stretches if stretch.cut]

    def x(self, second: float) -> float:
        """The place of a drill second, never outside the axis."""
        stretch = self.stretches[max(bisect_right(self._starts, second) - 1, 0)]
        span = stretch.end_s - stretch.start_s
        part = min(max((second - stretch.start_s) / span, 0.0), 1.0) if span > 0 else 0.0
        return stretch.left + part * (stretch.right - stretch.left)

    def ticks(self, apart: float, phase: float = 0.0) -> list[float]:
        """Drill seconds at least `apart` units from one another, none inside a break.

        They are round when counted from `phase`: minus the drill's start, for a round time of day.
        """
        step = self.step(apart)
        ticks: list[float] = []
        for stretch in self.stretches:
            number = math.ceil((stretch.start_s - phase) / step)
            while not stretch.cut and (second := phase + number * step) <= stretch.end_s:
                if not ticks or self.x(second) - self.x(ticks[-1]) >= apart:
                    ticks.append(second)
                number += 1
        return ticks

    def step(self, apart: float) -> float:
        """The smallest round number of seconds that is that wide outside the breaks."""
        per_second = max(
            ((one.right - one.left) / (one.end_s - one.start_s) for one in self._linear), default=0.0
        )
        return next((step for step in TICK_STEPS if step * per_second >= apart), TICK_STEPS[-1])

    @property
    def _linear(self) -> list[Stretch]:
        return [one for one in self.stretches if not one.cut and one.end_s > one.start_s]


def make(
    instants: Iterable[float], red: Sequence[tuple[float, float]], end_s: float, left: float, right: float
) -> Scale:
    """The scale of a drill of that length that had something to show at these instants, and `red` stretches."""
    start_s, end_s, width = 0.0, max(end_s, 1.0), right - left
    quiet = _quiet(sorted({start_s, end_s, *(i for i in instants if start_s < i < end_s)}), red)
    while True:
        break_width = min(BREAK_WIDTH, BREAKS_AT_MOST * width / len(quiet)) if quiet else 0.0
        linear = (end_s - start_s) - sum(stop - start for start, stop in quiet)
        per_second = (width - break_width * len(quiet)) / linear
        worth = [(start, stop) for start, stop in quiet if (stop - start) * per_second > break_width]
        if worth == quiet:
            return Scale(_stretches(quiet, start_s, end_s, left, per_second, break_width))
        quiet = worth


def _quiet(instants: Sequence[float], red: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches between two instants that are long enough to cut, less their margins."""
    whole = instants[-1] - instants[0]
    least = max(QUIET_LEAST_S, QUIET_SHARE * whole)
    found = [
        (a, b)
        for a, b in pairwise(instants)
        if b - a > (max(least, QUIET_WHILE_RED_S) if any(x < b and a < y for x, y in red) else least)
    ]
    drawn = whole - sum(b - a for a, b in found)
    margin = min(max(drawn * MARGIN, least * 0.02), least / 4)
    return [(a + margin, b - margin) for a, b in found]


def _stretches(
    quiet: Sequence[tuple[float, float]],
    start_s: float,
    end_s: float,
    left: float,
    per_second: float,
    wide: float,
) -> list[Stretch]:
    stretches: list[Stretch] = []
    second, x = start_s, left
    for start, stop in quiet:
        to = x + (start - second) * per_second
        stretches += [Stretch(second, start, x, to, False), Stretch(start, stop, to, to + wide, True)]
        second, x = stop, to + wide
    stretches.append(Stretch(second, end_s, x, x + (end_s - second) * per_second, False))
    return stretches
