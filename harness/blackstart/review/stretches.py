"""Arithmetic of stretches of drill time: pairs of seconds, the end after the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Stretch", "clipped", "common", "length", "merged", "without"]

Stretch = tuple[float, float]


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Their union, in order, none touching the next. Empty ones are dropped."""
    union: list[Stretch] = []
    for start, end in sorted(stretches):
        if end <= start:
            continue
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return union


def common(one: Iterable[Stretch], other: Iterable[Stretch]) -> list[Stretch]:
    """What lies in both."""
    left, right = merged(one), merged(other)
    found: list[Stretch] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            found.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def without(whole: Iterable[Stretch], cut: Iterable[Stretch]) -> list[Stretch]:
    """What of `whole` lies outside `cut`."""
    left: list[Stretch] = []
    holes = merged(cut)
    for begin, end in merged(whole):
        start = begin
        for hole_start, hole_end in holes:
            if hole_end <= start or hole_start >= end:
                continue
            if hole_start > start:
                left.append((start, hole_start))
            start = max(start, hole_end)
        if start < end:
            left.append((start, end))
    return left


def clipped(stretches: Iterable[Stretch], start: float, end: float) -> list[Stretch]:
    """What lies between two instants."""
    return common(stretches, [(start, end)])


def length(stretches: Iterable[Stretch]) -> float:
    """Seconds of their union."""
    return sum(end - start for start, end in merged(stretches))
