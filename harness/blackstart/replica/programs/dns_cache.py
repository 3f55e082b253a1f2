"""What a caching resolver is told from outside: to forget what it has kept, or to take it for older than it is."""

from __future__ import annotations

import os
from pathlib import Path

from blackstart.replica.programs.files import locked, replaced

__all__ = ["AHEAD", "FLUSH", "flush", "pass_time", "seconds_ahead"]

FLUSH = "flush"
"""A resolver that sees this file replaced forgets everything."""

AHEAD = "ahead"
"""How many seconds its clock is ahead of real time."""


def flush(folder: Path) -> None:
    """Have the resolver in that folder forget everything. One that does not run has nothing to forget."""
    replaced(folder / FLUSH, os.urandom(8).hex().encode())


def pass_time(folder: Path, seconds: float) -> None:
    """Have the copies of the resolver in that folder age at once: a drill that jumps over an hour takes it along."""
    with locked(folder):
        replaced(folder / AHEAD, str(seconds_ahead(folder / AHEAD) + seconds).encode())


def seconds_ahead(file: Path) -> float:
    try:
        return float(file.read_text("ascii"))
    except FileNotFoundError:
        return 0.0
