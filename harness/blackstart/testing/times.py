"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime

from blackstart.clock import Instant, after

__all__ = ["NS", "START", "ManualTime"]

START = datetime(2026, 4, 26, 15, 30, tzinfo=UTC)
NS = 1_000_000_000


class ManualTime:
    """A `clock.TimeSource` that stands still. `sleep` moves it, and so does `advance`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._ns = 0

    def now(self) -> Instant:
        return Instant(after(self._start, self._ns / NS), self._ns)

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass. Time never goes back: ValueError."""
        if seconds < 0:
            raise ValueError("time cannot go backwards")
        self._ns += round(seconds * NS)
