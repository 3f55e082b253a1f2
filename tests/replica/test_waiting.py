from __future__ import annotations

from blackstart.replica.waiting import wait_until
from blackstart.testing import ManualTime


def test_it_asks_at_least_once() -> None:
    assert wait_until(lambda: True, 0.0, source=ManualTime())
    assert not wait_until(lambda: False, 0.0, source=ManualTime())


def test_it_looks_until_the_limit_and_no_longer() -> None:
    time, looks = ManualTime(), 0
    began = time.now()

    def look() -> bool:
        nonlocal looks
        looks += 1
        return False

    assert not wait_until(look, 2.0, every_s=0.5, source=time)
    assert looks == 5
    assert time.now().seconds_since(began) == 2.0


def test_it_returns_as_soon_as_it_is_seen() -> None:
    time = ManualTime()
    began = time.now()
    assert wait_until(lambda: time.now().seconds_since(began) >= 1.0, 10.0, every_s=0.25, source=time)
    assert time.now().seconds_since(began) == 1.0
