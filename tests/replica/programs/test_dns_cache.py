from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from blackstart.replica.programs.dns_cache import (
    AHEAD,
    FLUSH,
    flush,
    keeps,
    let_age,
    pass_time,
    seconds_ahead,
)


def test_each_order_to_forget_is_another(tmp_path: Path) -> None:
    flush(tmp_path)
    first = (tmp_path / FLUSH).read_text()
    flush(tmp_path)
    assert (tmp_path / FLUSH).read_text() != first


def test_time_that_passes_adds_up(tmp_path: Path) -> None:
    assert seconds_ahead(tmp_path / AHEAD) == 0.0
    pass_time(tmp_path, 30.0)
    pass_time(tmp_path, 0.5)
    assert seconds_ahead(tmp_path / AHEAD) == 30.5


@pytest.fixture
def flushes(tmp_path: Path) -> Callable[[], bool]:
    """Tells whether the resolver was made to forget since it was asked last."""
    seen = [""]

    def flushed() -> bool:
        now = (tmp_path / FLUSH).read_text() if (tmp_path / FLUSH).exists() else ""
        seen[0], before = now, seen[0]
        return now != before

    return flushed


def test_a_resolver_that_cannot_age_forgets_once_the_longest_life_is_over(
    tmp_path: Path, flushes: Callable[[], bool]
) -> None:
    let_age(tmp_path, 20, longest=30)
    assert not flushes()
    let_age(tmp_path, 10, longest=30)
    assert flushes()
    let_age(tmp_path, 29, longest=30)
    assert not flushes()


def test_what_was_once_to_be_kept_for_long_is_kept_for_long(
    tmp_path: Path, flushes: Callable[[], bool]
) -> None:
    let_age(tmp_path, 10, longest=86_400)
    let_age(tmp_path, 40_000, longest=30)
    assert not flushes()
    let_age(tmp_path, 46_390, longest=30)
    assert flushes()


def test_what_somebody_knows_it_has_is_kept_until_it_is_flushed(
    tmp_path: Path, flushes: Callable[[], bool]
) -> None:
    keeps(tmp_path, 3600)
    let_age(tmp_path, 60, longest=30)
    assert not flushes()
    flush(tmp_path)
    assert flushes()
    let_age(tmp_path, 30, longest=30)
    assert flushes()
