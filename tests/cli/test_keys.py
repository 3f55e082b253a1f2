"""Keys from a terminal: each one heard, the terminal as it was afterwards; nothing where there is none."""

from __future__ import annotations

import os
import pty
import queue
import sys
import termios
from collections.abc import Iterator

import pytest

from blackstart.cli.keys import pressed


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The far end of a terminal that is this process's input."""
    far, near = pty.openpty()
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp())
    with os.fdopen(near, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield far


def test_each_key_is_heard_without_a_newline(keyboard: int) -> None:
    heard: queue.Queue[str] = queue.Queue()
    before = termios.tcgetattr(sys.stdin.fileno())
    with pressed(heard.put):
        os.write(keyboard, b"ab")
        assert [heard.get(timeout=30), heard.get(timeout=30)] == ["a", "b"]
    assert termios.tcgetattr(sys.stdin.fileno()) == before
    os.close(keyboard)


def test_a_terminal_that_goes_away_ends_nothing(keyboard: int) -> None:
    with pressed(lambda key: None):
        os.close(keyboard)


def test_no_terminal_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pressed(lambda key: pytest.fail("a key came from nowhere")):
            pass
