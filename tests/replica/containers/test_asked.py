"""What the harness asked for, by the time at which it happened."""

from __future__ import annotations

import pytest

from blackstart.replica.containers.asked import Asked
from blackstart.testing import ManualTime


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def asked(time: ManualTime) -> Asked:
    return Asked(time)


def test_only_while_it_is_done(asked: Asked, time: ManualTime) -> None:
    before = time.now().wall
    time.advance(1)
    with asked.doing("one", "pause"):
        within = time.now().wall
        time.advance(1)
    time.advance(1)
    after = time.now().wall
    assert [asked.was("one", "pause", at) for at in (before, within, after)] == [False, True, False]
    assert not asked.was("one", "unpause", within)
    assert not asked.was("other", "pause", within)


def test_an_end_takes_what_time_it_takes(asked: Asked, time: ManualTime) -> None:
    asked.ends("one")
    time.advance(600)
    assert asked.was("one", "die", time.now().wall)
    time.advance(1)
    with asked.starting("one"):
        assert asked.was("one", "start", time.now().wall)
    time.advance(1)
    assert not asked.was("one", "die", time.now().wall)


def test_who_starts_it_by_hand_makes_its_end_news_again(asked: Asked, time: ManualTime) -> None:
    asked.ends("one")
    time.advance(1)
    assert not asked.was("one", "start", time.now().wall)
    time.advance(1)
    assert not asked.was("one", "die", time.now().wall)


def test_the_whole_project(asked: Asked, time: ManualTime) -> None:
    with asked.all_of_it():
        assert asked.was("whichever", "start", time.now().wall)
        assert asked.was("whichever", "destroy", time.now().wall)
    time.advance(1)
    assert not asked.was("whichever", "die", time.now().wall)
