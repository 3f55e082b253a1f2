"""Texts of people and terminals, made safe to show: what a reader sees is what was written, and nothing acts.

Markup is not escaped here; each face does that in its own way. Here goes what no face may carry: terminal
control, characters that XML forbids, direction overrides that make a line read other than it is.
"""

from __future__ import annotations

import re

__all__ = ["clean", "clip", "one_line"]

LONGEST = 20_000
"""Characters of one text that a report shows. The record has the rest."""

_ANSI = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movement
    r"|\x1b[\]PX^_](?:[^\n\x07\x1b]{0,2000}(?:\x07|\x1b\\))?"  # titles, links: up to their end, if there is one
    r"|\x1b[ -/]*[0-~]"  # the short ones
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
    "|[\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0010fffe\U0010ffff]"
)


def clean(text: str, longest: int = LONGEST) -> str:
    """The text without terminal control; what else cannot be shown is made visible. Lines stay lines."""
    cut = text[: longest * 4]  # before the patterns, so that a huge text costs little
    plain = _ANSI.sub("", cut.replace("\r\n", "\n").replace("\r", "\n"))
    plain = _UNSAFE.sub(_visible, plain)
    left_out = len(text) - len(cut) + max(len(plain) - longest, 0)
    return f"{plain[:longest]}\n[{left_out} more characters in the record]" if left_out else plain


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if code >= 0xD800 and not 0xE000 <= code < 0xFDD0:
        return "\ufffd"
    return f"[U+{code:04X}]"


def one_line(text: str, longest: int = 160) -> str:
    """The text on one line, cut with an ellipsis."""
    return clip(" ".join(clean(text).split()), longest)


def clip(text: str, longest: int) -> str:
    """At most that many characters; an ellipsis stands for what was cut."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "\u2026"
