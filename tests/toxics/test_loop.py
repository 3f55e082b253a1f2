from __future__ import annotations

import os
import socket
import threading
from functools import partial
from typing import TYPE_CHECKING

from blackstart.toxics.loop import IN, MS, OUT, Loop

if TYPE_CHECKING:
    import pytest
    from tests.toxics.conftest import ManualClock


def test_timers_fire_in_the_order_of_time_and_then_of_asking(loop: Loop, clock: ManualClock) -> None:
    seen: list[str] = []
    for name, when in (("late", 20), ("second", 10), ("third", 10), ("first", 5)):
        loop.call_at(when * MS, partial(seen.append, name))
    loop.run_due()
    assert seen == []
    clock.move_to(10)
    loop.run_due()
    assert seen == ["first", "second", "third"]
    assert loop.next_due() == 20 * MS


def test_a_cancelled_timer_never_fires(loop: Loop, clock: ManualClock) -> None:
    seen: list[int] = []
    timer = loop.call_at(1, lambda: seen.append(1))
    assert timer.waiting
    timer.cancel()
    timer.cancel()
    assert loop.next_due() is None
    clock.move_to(1)
    loop.run_due()
    assert seen == []


def test_a_timer_may_ask_for_another_that_is_due_already(loop: Loop, clock: ManualClock) -> None:
    seen: list[str] = []

    def one() -> None:
        seen.append("one")
        loop.call_at(2, partial(seen.append, "two"))

    loop.call_at(1, one)
    clock.move_to(1)
    loop.run_due()
    assert seen == ["one", "two"]


def test_sockets_are_told_of_and_then_no_more(loop: Loop) -> None:
    near, far = socket.socketpair()
    seen: list[int] = []
    loop.register(near.fileno(), IN, seen.append)
    loop.once(0)
    assert seen == []
    far.send(b"x")
    loop.once(0)
    assert seen == [IN]
    loop.modify(near.fileno(), OUT)
    loop.once(0)
    assert seen == [IN, OUT]
    loop.unregister(near.fileno())
    loop.unregister(near.fileno())
    loop.once(0)
    assert seen == [IN, OUT]
    near.close()
    far.close()


def test_one_that_is_closed_by_an_earlier_one_of_the_same_batch_is_not_called(loop: Loop) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def ready(number: int, events: int) -> None:
        called.append(number)
        for near, _ in pairs:
            loop.unregister(near.fileno())

    for number, (near, far) in enumerate(pairs):
        loop.register(near.fileno(), IN, partial(ready, number))
        far.send(b"x")
    loop.once(0)
    assert len(called) == 1
    for pair in pairs:
        for one in pair:
            one.close()


def test_a_bug_in_one_handler_harms_nobody_else(
    loop: Loop, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    near, far = socket.socketpair()
    seen: list[str] = []

    def broken(events: int) -> None:
        raise RuntimeError("a bug")

    loop.register(near.fileno(), IN, broken)
    loop.call_at(0, lambda: broken(0))
    loop.call_at(1, lambda: seen.append("served"))
    far.send(b"x")
    clock.move_to(1)
    loop.once(0)
    loop.once(0)
    assert seen == ["served"]
    assert capsys.readouterr().err.count("RuntimeError: a bug") == 2
    near.close()
    far.close()


def test_a_call_from_another_thread_wakes_it() -> None:
    loop = Loop()
    thread = threading.Thread(target=lambda: loop.call_from_thread(loop.stop))
    loop.call_at(0, thread.start)
    loop.run()  # would sleep for ever
    thread.join()
    loop.close()


def test_what_blocks_is_done_in_a_thread_and_an_error_is_a_result() -> None:
    loop = Loop()
    results: list[object] = []
    threads: list[int] = []

    def work() -> str:
        threads.append(threading.get_ident())
        raise ConnectionError("gone")

    def done(result: object) -> None:
        results.append(result)
        loop.stop()

    loop.in_thread(work, done)
    loop.run()
    assert isinstance(results[0], ConnectionError)
    assert threads != [threading.get_ident()]
    loop.close()


def test_it_sleeps_until_the_next_timer_and_no_longer() -> None:
    """By the machine's own clock: a wait of less than a millisecond is no busy loop and no whole millisecond."""
    loop = Loop()
    began = loop.now()
    loop.call_at(began + 300_000, loop.stop)
    loop.run()
    assert loop.now() - began >= 300_000
    loop.close()


def test_closing_gives_its_descriptors_back() -> None:
    before = len(os.listdir("/proc/self/fd"))
    Loop().close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_thread_that_comes_too_late_is_nobodys_business() -> None:
    loop = Loop()
    loop.close()
    loop.call_from_thread(loop.stop)
