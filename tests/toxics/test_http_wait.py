"""One thing to do later, on a clock moved by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blackstart.toxics.http_wait import Wait
from blackstart.toxics.loop import Loop


class Waiter:
    def __init__(self) -> None:
        self.now = 0
        self.loop = Loop(lambda: self.now)
        self.done: list[tuple[int, str]] = []
        self.delay = 10
        self.wait = Wait(self.loop, lambda: self.done.append((self.now, "then")))

    def begin(self) -> None:
        self.wait.begin(lambda: self.delay, lambda: self.done.append((self.now, "work")))

    def until(self, when: int) -> None:
        self.now = when
        self.loop.run_due()


@pytest.fixture
def waiter() -> Iterator[Waiter]:
    made = Waiter()
    yield made
    made.loop.close()


def test_it_is_done_at_its_time_and_once(waiter: Waiter) -> None:
    waiter.begin()
    waiter.until(9)
    assert (waiter.done, waiter.wait.on) == ([], True)
    waiter.until(10)
    waiter.until(100)
    assert (waiter.done, waiter.wait.on) == ([(10, "work"), (10, "then")], False)


def test_without_a_delay_it_is_done_within_the_call(waiter: Waiter) -> None:
    waiter.delay = 0
    waiter.begin()
    assert (waiter.done, waiter.wait.on) == ([(0, "work")], False)


@pytest.mark.parametrize(("delay", "when"), [(5, 7), (7, 7), (20, 20)])
def test_a_new_delay_counts_from_the_beginning(waiter: Waiter, delay: int, when: int) -> None:
    waiter.begin()
    waiter.until(7)
    waiter.delay = delay
    waiter.wait.retime()
    waiter.until(19)
    waiter.until(20)
    assert waiter.done[0] == (when, "work")


def test_hurried(waiter: Waiter) -> None:
    waiter.begin()
    waiter.wait.hurry()
    waiter.until(100)
    assert waiter.done == [(0, "work")]


def test_stopped_it_is_never_done(waiter: Waiter) -> None:
    waiter.begin()
    waiter.wait.stop()
    waiter.wait.retime()
    waiter.wait.hurry()
    waiter.until(100)
    assert waiter.done == []
