"""Output for whoever reads it: that nobody can any more must never change how a drill ends."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

__all__ = ["columns", "hush", "tolerant"]


def columns() -> int | None:
    """How wide the terminal is that is printed to; None when it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def hush(stream: TextIO) -> None:
    """Let what is printed there from here on go nowhere: its reader has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class _Tolerant:
    """A text stream whose reader may go: a closed pipe, a closed terminal window, a full disk."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            hush(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            hush(self._stream)


@contextmanager
def tolerant() -> Iterator[None]:
    """While the block runs, printing never fails. What could not be printed is lost; the reports are on disk."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast("TextIO", _Tolerant(stream)) for stream in before)
    try:
        yield
        sys.stdout.flush()
    finally:
        sys.stdout, sys.stderr = before
