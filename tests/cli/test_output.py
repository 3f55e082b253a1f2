"""A reader that goes away changes nothing of what a program does after it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.cli.output import tolerant

if TYPE_CHECKING:
    import pytest


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def test_a_pipe_that_was_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with tolerant():
            say("nobody hears this")
            say("nor this")
        stdout.write("what comes after goes nowhere")


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with tolerant():
            say("no room")


def test_a_reader_that_is_there_hears_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(tmp_path / "out", "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        with tolerant():
            assert sys.stdout.fileno() == stdout.fileno()
            say("one\n")
            say("two")
        assert (tmp_path / "out").read_text() == "one\ntwo"
    assert sys.stdout is stdout
