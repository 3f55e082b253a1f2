"""Runs a Python server with another time of day: what it reads of the clock is so many seconds ahead.

    skewed.py SECONDS PYTHON [-s ...] SCRIPT ARGUMENTS...   becomes PYTHON, running this file again
    PYTHON [-s ...] skewed.py --run SECONDS SCRIPT ARGUMENTS...

time.time and its relatives, and datetime's now, utcnow and today, are put before the script sees them. How fast
time passes, and time.monotonic, stay as they are. Standard library alone.
"""

from __future__ import annotations

import datetime
import os
import runpy
import sys
import time
from typing import Any

NS = 1_000_000_000


def shift_time(by_s: float) -> None:
    """The module `time`: what reads the time of day, and what takes it when it is given none."""
    real, real_ns = time.time, time.time_ns
    time.time = lambda: real() + by_s
    time.time_ns = lambda: real_ns() + round(by_s * NS)
    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, _given_now(getattr(time, name)))


def _given_now(function: Any) -> Any:
    def of(seconds: float | None = None) -> Any:
        return function(time.time() if seconds is None else seconds)

    return of


class ShiftedDatetime(datetime.datetime):
    """The class reads the clock on its own, and must be shifted on its own."""

    by = datetime.timedelta()

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return super().now(tz) + cls.by

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(datetime.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


class ShiftedDate(datetime.date):
    @classmethod
    def today(cls) -> Any:
        return cls.fromtimestamp(time.time())


def shift_datetime(by_s: float) -> None:
    """The classes of `datetime`; the server finds ours under the old names."""
    ShiftedDatetime.by = datetime.timedelta(seconds=by_s)
    datetime.datetime = ShiftedDatetime  # type: ignore[misc] # a class given another meaning, on purpose
    datetime.date = ShiftedDate  # type: ignore[misc] # likewise


def command(by_s: str, argv: list[str]) -> list[str]:
    """The server's command with this file before its script, which is the first that is no option."""
    at = next(number for number, word in enumerate(argv) if number > 0 and not word.startswith("-"))
    return [*argv[:at], os.path.abspath(__file__), "--run", by_s, *argv[at:]]


def main(argv: list[str]) -> None:
    if argv[0] != "--run":
        become = command(argv[0], argv[1:])
        os.execv(become[0], become)
    by_s = float(argv[1])
    shift_time(by_s)
    shift_datetime(by_s)
    sys.argv = argv[2:]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
