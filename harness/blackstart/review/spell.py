"""Numbers in the words of a finding. Short: the reports have their own way with numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["listed", "plural", "spell"]


def spell(seconds: float) -> str:
    """ "12 min 40 s", "1 h 5 min", "40 s"."""
    whole = round(abs(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def plural(number: int, one: str) -> str:
    """ "1 message", "3 messages"."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def listed(words: Sequence[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)
