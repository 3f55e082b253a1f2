from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.render.words import clock_time, count, drill_time, duration, minutes, plus_minus, share


@pytest.mark.parametrize(
    ("seconds", "off", "words"),
    [
        (0, 0, "0 s"),
        (0.4, 0, "0 s"),
        (36, 0, "36 s"),
        (59.6, 0, "1 min"),
        (760, 1, "12 min 40 s"),
        (3600, 0, "1 h"),
        (3605, 0, "1 h 5 s"),
        (6078, 1, "1 h 41 min 18 s"),
        (-62, 0, "\u22121 min 2 s"),
        (-0.3, 0, "0 s"),
        (760, 45, "13 min"),
        (10, 60, "0 min"),
    ],
)
def test_duration(seconds: float, off: float, words: str) -> None:
    assert duration(seconds, off) == words


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (0, ""),
        (0.0004, ""),
        (0.01, "± 1 s"),
        (0.77, "± 1 s"),
        (1.02, "± 1 s"),
        (1.2, "± 2 s"),
        (61, "± 1 min 1 s"),
    ],
)
def test_plus_minus_is_never_less_than_it_was_to_a_tenth(off: float, words: str) -> None:
    assert plus_minus(off) == words


@pytest.mark.parametrize(("part", "words"), [(1, "100%"), (0.999, "99%"), (0.29, "29%"), (0, "0%")])
def test_only_all_is_100_percent(part: float, words: str) -> None:
    assert share(part) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "unknown"), (0, "none"), (0.4, "under 1 min"), (12.3, "12 min"), (69, "1 h 9 min")],
)
def test_minutes(value: float | None, words: str) -> None:
    assert minutes(value) == words


def test_times() -> None:
    assert drill_time(3723.999) == "1:02:03"
    assert drill_time(-1) == "0:00:00"
    assert clock_time("2026-04-26T15:42:07.123456Z") == "15:42:07"
    assert clock_time("whenever") == "whenever"


def test_count() -> None:
    assert [count(0, "jump"), count(1, "jump"), count(2, "jump")] == ["no jumps", "1 jump", "2 jumps"]


@given(st.floats(0, 1e6))
def test_a_duration_reads_back_to_the_second(seconds: float) -> None:
    units = {"h": 3600, "min": 60, "s": 1}
    words = duration(seconds).split()
    assert sum(int(n) * units[u] for n, u in zip(words[::2], words[1::2], strict=True)) == round(seconds)
