"""The first signal ends the drill in order; none skips the healing."""

from __future__ import annotations

import os
import signal

import pytest

from blackstart.drill.signals import Interrupted, Signals


def test_a_signal_inside_abortable_raises_once() -> None:
    said: list[str] = []
    signals = Signals(said.append)
    with signals.caught():
        with pytest.raises(Interrupted) as caught, signals.abortable():
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        with signals.abortable():
            pass
    assert caught.value.name == "SIGINT"
    assert said == ["already ending: healing goes on, it is not skipped"]


def test_a_signal_outside_waits_for_the_next_abortable() -> None:
    signals = Signals(lambda text: None)
    with signals.caught():
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.asked == "SIGTERM"
        with pytest.raises(Interrupted, match=r"^SIGTERM$"), signals.abortable():
            raise AssertionError("the block must not begin")


def test_the_former_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Signals(lambda text: None).caught():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_after_the_drill_is_told_to_have_come_too_late() -> None:
    said: list[str] = []
    signals = Signals(said.append)
    with signals.caught():
        with signals.abortable():
            pass
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert signals.asked == "SIGINT"
    assert said == [
        "SIGINT came when the drill was over already: its outcome stands; everything is being healed",
        "already ending: healing goes on, it is not skipped",
    ]
