"""From what a terminal showed to plain text: the part between two marks, without what only a terminal understands."""

from __future__ import annotations

import re

__all__ = ["Capture", "plain"]

TAIL_BYTES = 64_000
"""As much of a command's output is kept for the record, which takes the last 4,000 characters of it."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # strings to the terminal: titles, marks
    r"|\x1b[ -/]*[0-~]",  # two-character escapes
    re.DOTALL,
)

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(raw: bytes) -> str:
    """Text as a person would copy it off the screen: no escapes, and a line written over shows its last state."""
    text = _ESCAPES.sub("", raw.decode("utf-8", "replace")).replace("\r\n", "\n")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _CONTROLS.sub("", "\n".join(lines)).strip("\n")


class Capture:
    """Keeps the end of what comes between the start mark and the end mark, however it is cut into pieces."""

    def __init__(self, start: bytes, end: bytes) -> None:
        self._start = start
        self._end = end
        self._held = b""
        self.begun = False
        self.ended = False

    def feed(self, data: bytes) -> None:
        """The next piece. What comes before the start and after the end is dropped."""
        if self.ended:
            return
        self._held += data
        if not self.begun:
            self._find_start()
        if self.begun:
            self._find_end()

    def _find_start(self) -> None:
        _, found, rest = self._held.partition(self._start)
        self.begun = bool(found)
        self._held = rest if found else self._held[-len(self._start) :]

    def _find_end(self) -> None:
        kept, found, _ = self._held.partition(self._end)
        self.ended = bool(found)
        self._held = kept if found else self._held[-TAIL_BYTES:]

    def text(self) -> str:
        """What was captured, as plain text."""
        return plain(self._held[-TAIL_BYTES:]) if self.begun else ""
