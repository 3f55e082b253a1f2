from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.render.picture.scale import Scale, make

DENSE = [60.0, 61.0, 135.0, 171.0, 189.0, 238.0, 315.0, 420.0, 752.0, 814.0]


def drill(red: list[tuple[float, float]] | None = None) -> Scale:
    return make([*DENSE, 2339.0, 4482.0, 4505.0], red or [], 4505.0, 100.0, 1100.0)


def test_long_quiet_stretches_are_cut_and_nothing_else() -> None:
    cuts = [(round(cut.start_s), round(cut.end_s)) for cut in drill([(61.0, 752.0)]).cuts]
    assert cuts == [(824, 2329), (2349, 4472)]


def test_a_slow_response_looks_slow() -> None:
    instants, red = [0.0, 60.0, 1200.0], [(60.0, 1200.0)]
    assert make(instants, red, 1300.0, 0.0, 1000.0).cuts == []
    assert len(make(instants, [], 1300.0, 0.0, 1000.0).cuts) == 1


def test_outside_the_breaks_a_second_is_the_same_width_everywhere() -> None:
    widths = {
        round((one.right - one.left) / (one.end_s - one.start_s), 9)
        for one in drill().stretches
        if not one.cut
    }
    assert len(widths) == 1


def test_a_short_drill_is_drawn_whole() -> None:
    scale = make([10.0, 20.0], [], 200.0, 0.0, 1000.0)
    assert scale.cuts == []
    assert scale.x(100.0) == 500.0


def test_no_cut_makes_a_stretch_wider() -> None:
    scale = make([float(second) for second in range(0, 40_000, 2_500)], [], 40_000.0, 0.0, 1000.0)
    for cut in scale.cuts:
        assert cut.right - cut.left < (cut.end_s - cut.start_s) / 40_000 * 1000


@pytest.mark.parametrize("end", [0.0, 0.5])
def test_a_drill_that_ended_at_once(end: float) -> None:
    scale = make([0.0], [], end, 0.0, 100.0)
    assert (scale.x(0.0), scale.x(99.0)) == (0.0, 100.0)


@given(
    st.lists(st.floats(0, 20_000), min_size=1, max_size=60),
    st.lists(st.tuples(st.floats(0, 20_000), st.floats(0, 20_000)), max_size=4),
    st.floats(0, 20_000),
)
def test_later_is_never_further_left_and_no_instant_is_inside_a_break(
    instants: list[float], red: list[tuple[float, float]], end: float
) -> None:
    scale = make(instants, red, end, 100.0, 1100.0)
    places = [scale.x(second) for second in sorted([0.0, *instants, end])]
    assert places == sorted(places)
    assert all(99.99 <= place <= 1100.01 for place in places)
    assert scale.right == pytest.approx(1100.0)
    for cut in scale.cuts:
        assert not [one for one in instants if cut.start_s <= one <= cut.end_s]


def test_ticks_are_round_apart_and_outside_the_breaks() -> None:
    scale = drill()
    ticks = scale.ticks(58.0, -1830.0)
    assert all((tick + 1830.0) % scale.step(58.0) == 0 for tick in ticks)
    places = [scale.x(tick) for tick in ticks]
    assert all(b - a >= 58.0 for a, b in itertools.pairwise(places))
    assert not [tick for tick in ticks for cut in scale.cuts if cut.start_s < tick < cut.end_s]
    assert len(ticks) >= 5
