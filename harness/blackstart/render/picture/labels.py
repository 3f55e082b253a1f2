"""How wide a text is, and where labels go so that no two of them meet."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Box", "Flag", "fitted", "flags", "text_width"]

_NARROW = frozenset("ijlI.,:;'|!`")
_SLIM = frozenset('frt()[]{}-/\\ "*')
_WIDE = frozenset("mwMW@%\u2014\u2026")


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text is drawn, for the widest of the fonts in use: never less than it really is."""
    ems = sum(_em(character) for character in text)
    return ems * size * (1.1 if bold else 1.0)


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.36
    if character in _SLIM:
        return 0.45
    if character in _WIDE:
        return 1.0
    if character.isupper():
        return 0.75
    if ord(character) < 0x250:
        return 0.64
    if unicodedata.combining(character):
        return 0.0
    return 1.15 if unicodedata.east_asian_width(character) in "WFA" else 0.9


def fitted(text: str, size: float, room: float, *, least: int = 6) -> str:
    """As much of the text as fits, with an ellipsis; nothing when fewer than `least` characters would."""
    if text_width(text, size) <= room:
        return text
    used = text_width("\u2026", size)
    for index, character in enumerate(text):
        used += text_width(character, size)
        if used > room:
            return f"{text[:index].rstrip()}\u2026" if index >= least else ""
    return text


@dataclass(frozen=True, slots=True)
class Box:
    """Where a label is, in the picture's units."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Flag:
    """A label on a pole at `x`. Row 0 is nearest to what it names. `left` and `right` are the label's ends."""

    x: float
    row: int
    left: float
    right: float
    text: str

    @property
    def flipped(self) -> bool:
        """The label stands left of its pole."""
        return self.right <= self.x


PAD = 4.0
"""Between a pole and its label, and the least room between two labels."""


def flags(
    wanted: Sequence[tuple[float, str]], size: float, edge: float, most_rows: int = 9
) -> list[Flag | None]:
    """A place for each (x, text), or None where there is none. Neither labels nor poles cross a label.

    Placed from right to left, each as low as it can be, so that a crowd becomes a staircase.
    """
    placed: list[Flag | None] = [None] * len(wanted)
    done: list[Flag] = []
    for index in sorted(range(len(wanted)), key=lambda i: (-wanted[i][0], -i)):
        x, text = wanted[index]
        flag = next(filter(None, (_at(x, text, row, size, edge, done) for row in range(most_rows))), None)
        if flag:
            placed[index] = flag
            done.append(flag)
    return placed


def _at(x: float, text: str, row: int, size: float, edge: float, done: Sequence[Flag]) -> Flag | None:
    width = text_width(text, size)
    left = x + PAD if x + PAD + width <= edge else x - PAD - width
    flag = Flag(x, row, left, left + width, text)
    return flag if all(_apart(flag, other) and _apart(other, flag) for other in done) else None


def _apart(one: Flag, other: Flag) -> bool:
    """Whether the label of `one` keeps clear of the label and of the pole of `other`."""
    if one.row == other.row and one.left - PAD < other.right and other.left < one.right + PAD:
        return False
    return not (other.row > one.row and one.left - 2 < other.x < one.right + 2)
