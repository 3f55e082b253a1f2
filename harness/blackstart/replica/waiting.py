"""Waiting for a real server: look, and look again, until a real-time limit."""

from __future__ import annotations

from collections.abc import Callable

from blackstart.clock import SystemTime, TimeSource

__all__ = ["wait_until"]

LOOK_EVERY_S = 0.02


def wait_until(
    seen: Callable[[], bool],
    limit_s: float,
    *,
    every_s: float = LOOK_EVERY_S,
    source: TimeSource | None = None,
) -> bool:
    """Whether `seen` came true within the limit (real seconds). It is asked at least once."""
    time = source or SystemTime()
    began = time.now()
    while not seen():
        if time.now().seconds_since(began) >= limit_s:
            return False
        time.sleep(every_s)
    return True
