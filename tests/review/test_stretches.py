"""Arithmetic of stretches: every second is counted once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blackstart.review.stretches import Stretch, clipped, common, length, merged, without

SOME = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair))))


def seconds(stretches: list[Stretch]) -> set[int]:
    return {second for start, end in stretches for second in range(int(start), int(end))}


def test_touching_stretches_are_one_and_empty_ones_are_none() -> None:
    assert merged([(3, 5), (0, 3), (7, 7)]) == [(0, 5)]


def test_a_hole_in_the_middle_leaves_two() -> None:
    assert without([(0, 10)], [(3, 4)]) == [(0, 3), (4, 10)]


def test_clipping_keeps_what_lies_between() -> None:
    assert clipped([(0, 4), (6, 9)], 2, 7) == [(2, 4), (6, 7)]


@given(one=SOME, other=SOME)
def test_they_are_sets_of_seconds(one: list[Stretch], other: list[Stretch]) -> None:
    assert seconds(merged(one)) == seconds(one)
    assert seconds(common(one, other)) == seconds(one) & seconds(other)
    assert seconds(without(one, other)) == seconds(one) - seconds(other)
    assert length(one) == len(seconds(one))
