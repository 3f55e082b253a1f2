"""Numbers in words: one way to write a duration, a share or a moment, in every face of the report.

Nothing is written more precisely than it was measured, and an uncertainty is always rounded up.
"""

from __future__ import annotations

import math

__all__ = ["clock_time", "count", "drill_time", "duration", "minutes", "plus_minus", "share"]

MINUTE, HOUR = 60, 3600


def duration(seconds: float, uncertainty_s: float = 0.0) -> str:
    """ "12 min 40 s"; to the minute when it is known no better than that. Negative with a true minus sign."""
    sign = "\u2212" if seconds <= -0.5 else ""
    coarse = uncertainty_s >= MINUTE / 2
    whole = round(abs(seconds) / MINUTE) * MINUTE if coarse else round(abs(seconds))
    hours, rest = divmod(whole, HOUR)
    mins, secs = divmod(rest, MINUTE)
    parts = [f"{hours} h"] if hours else []
    if mins:
        parts.append(f"{mins} min")
    if secs or not parts:
        parts.append("0 min" if coarse else f"{secs} s")
    return sign + " ".join(parts)


def plus_minus(uncertainty_s: float) -> str:
    """ "± 1 s", rounded up to a whole second once its hundredths are dropped; empty when both ends are exact."""
    if uncertainty_s < 0.0005:
        return ""
    return f"\u00b1 {duration(max(math.ceil(round(uncertainty_s, 1)), 1))}"


def share(part: float) -> str:
    """ "94%", rounded down, so that only all is 100%."""
    return f"{math.floor(part * 100 + 1e-9)}%"


def minutes(value: float | None) -> str:
    """Minutes of a finding: "12 min", "under 1 min", "none"; "unknown" when they cannot be proven."""
    if value is None:
        return "unknown"
    if value <= 0:
        return "none"
    if value < 1:
        return "under 1 min"
    return duration(round(value) * MINUTE, MINUTE)


def drill_time(seconds: float) -> str:
    """Drill seconds as "1:02:03", cut to the second."""
    whole = math.floor(max(seconds, 0.0) + 1e-6)
    return f"{whole // HOUR}:{whole % HOUR // MINUTE:02d}:{whole % MINUTE:02d}"


def clock_time(at: str) -> str:
    """The time of day in an event's `at`: "06:12:03"; an odd stamp is shown as it is."""
    return at[11:19] if len(at) >= 19 and at[10] == "T" else at


def count(number: int, one: str, many: str = "") -> str:
    """ "1 message", "2 messages", "no messages"."""
    if number == 1:
        return f"1 {one}"
    return f"{number or 'no'} {many or one + 's'}"
