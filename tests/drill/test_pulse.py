"""The harness is heard of, and ends in order when nobody listens."""

from __future__ import annotations

from typing import cast

import pytest

from blackstart.drill.pulse import LEASE_S, Pulse
from blackstart.drill.signals import Interrupted
from blackstart.watchdog import Watchdog


class Guard:
    def __init__(self) -> None:
        self.there = True
        self.renewed: list[float] = []

    def renew(self, seconds: float) -> None:
        self.renewed.append(seconds)

    def alive(self) -> bool:
        return self.there


@pytest.fixture
def guard() -> Guard:
    return Guard()


def pulse_of(guard: Guard) -> Pulse:
    return Pulse(cast(Watchdog, guard))


def test_a_beat_is_a_lease_and_longer_when_something_long_begins(guard: Guard) -> None:
    pulse = pulse_of(guard)
    pulse.beat()
    pulse.beat(0.0)
    pulse.beat(180.0)
    assert guard.renewed == [LEASE_S, LEASE_S, 180.0]


def test_without_a_watchdog_the_drill_is_ended_once(guard: Guard) -> None:
    pulse = pulse_of(guard)
    guard.there = False
    with pytest.raises(Interrupted, match="the watchdog is gone"):
        pulse.beat()
    pulse.beat()  # while it heals


def test_healing_needs_no_watchdog(guard: Guard) -> None:
    pulse = pulse_of(guard)
    pulse.ending()
    guard.there = False
    pulse.beat()
