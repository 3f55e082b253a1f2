"""What a caching resolver is told from outside: to forget what it has kept, or to take it for older than it is."""

from __future__ import annotations

import os
from pathlib import Path

from blackstart.replica.programs.dns_told import told
from blackstart.replica.programs.files import locked, replaced

__all__ = ["AHEAD", "FLUSH", "flush", "keeps", "let_age", "pass_time", "seconds_ahead"]

FLUSH = "flush"
"""A resolver that sees this file replaced forgets everything."""

AHEAD = "ahead"
"""How many seconds its clock is ahead of real time."""

KEEPS = "keeps"
"""For how many seconds at most the resolver may keep what it has got since it was flushed, as far as is known."""

PASSED = "passed"
"""How many seconds were jumped over since the resolver last forgot everything."""


def flush(folder: Path) -> None:
    """Have the resolver in that folder forget everything. One that does not run has nothing to forget."""
    with locked(folder):
        _flush(folder)


def _flush(folder: Path) -> None:
    for gone in (KEEPS, PASSED):
        (folder / gone).unlink(missing_ok=True)
    replaced(folder / FLUSH, os.urandom(8).hex().encode())
    told(folder)


def keeps(folder: Path, seconds: float) -> None:
    """Note that the resolver has got something that it may keep for so long."""
    with locked(folder):
        _keeps(folder, seconds)


def _keeps(folder: Path, seconds: float) -> float:
    longest = max(seconds, _number(folder / KEEPS))
    replaced(folder / KEEPS, str(longest).encode())
    return longest


def pass_time(folder: Path, seconds: float) -> None:
    """Have the copies of the resolver in that folder age at once: a drill that jumps over an hour takes it along."""
    with locked(folder):
        replaced(folder / AHEAD, str(seconds_ahead(folder / AHEAD) + seconds).encode())


def let_age(folder: Path, seconds: float, longest: float) -> None:
    """The same for a resolver that cannot be made to age its copies: it forgets all once none may be left.

    That is when the time jumped over since it last forgot reaches the longest for which it may keep anything:
    `longest`, of the records that are published now, or what was noted before. So no copy that was there then ends
    before its time, and one with a shorter life may outlive it.
    """
    with locked(folder):
        passed = _number(folder / PASSED) + seconds
        if passed >= _keeps(folder, longest):
            _flush(folder)
        else:
            replaced(folder / PASSED, str(passed).encode())


def seconds_ahead(file: Path) -> float:
    """How much older than by the clock everything is that the resolver has."""
    return _number(file)


def _number(file: Path) -> float:
    try:
        return float(file.read_text("ascii"))
    except FileNotFoundError:
        return 0.0
