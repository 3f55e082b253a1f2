from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.render.picture.labels import Box, Flag, fitted, flags, text_width

WORDS = st.text(st.characters(min_codepoint=32, max_codepoint=0x3000), min_size=1, max_size=24)


def box(flag: Flag) -> Box:
    return Box(flag.left, -flag.row, flag.right, 0.9 - flag.row)


@given(st.lists(st.tuples(st.floats(100, 1100), WORDS), max_size=15))
def test_no_two_labels_meet_and_no_pole_crosses_a_label(wanted: list[tuple[float, str]]) -> None:
    placed = [flag for flag in flags(wanted, 11.0, 1104.0) if flag]
    for one in placed:
        for other in placed:
            if one is not other:
                assert not box(one).meets(box(other))
                if other.row > one.row:
                    assert not one.left < other.x < one.right


def test_a_crowd_becomes_a_staircase() -> None:
    wanted = [(100.0, "first red probe"), (120.0, "paged"), (140.0, "acknowledged")]
    assert [flag.row if flag else None for flag in flags(wanted, 11.0, 1000.0)] == [2, 1, 0]


def test_a_label_at_the_edge_turns_round() -> None:
    (flag,) = flags([(990.0, "all-clear")], 11.0, 1000.0)
    assert flag
    assert flag.flipped
    assert flag.right <= 990.0


def test_what_finds_no_place_is_left_out_not_painted_over() -> None:
    wanted = [(100.0, "the same place")] * 12
    placed = flags(wanted, 11.0, 1000.0, most_rows=4)
    assert sum(flag is not None for flag in placed) <= 4


@pytest.mark.parametrize(
    ("text", "room", "shown"), [("short", 100, "short"), ("a longer text", 60, "a longer…"), ("word", 5, "")]
)
def test_fitted(text: str, room: float, shown: str) -> None:
    assert fitted(text, 10.0, room) == shown


@given(WORDS, st.floats(0, 300))
def test_fitted_fits(text: str, room: float) -> None:
    assert text_width(fitted(text, 10.0, room), 10.0) <= room


def test_wide_scripts_count_as_wide() -> None:
    assert text_width("你好", 10.0) > text_width("ab", 10.0)
    assert text_width("bold", 10.0, bold=True) > text_width("bold", 10.0)
