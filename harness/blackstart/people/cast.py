"""A terminal's recording as asciicast v2: a header line, then one line an event: [seconds, "o", text].

It can be played with any asciicast player. Lines are written as they come, so a recording that was cut off
by a crash plays up to there.
"""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from blackstart.clock import Instant, TimeSource

__all__ = ["MAX_COMMAND_BYTES", "Cast"]

MAX_COMMAND_BYTES = 1_000_000
"""As much of one command's output is recorded; a note stands for the rest."""


class Cast:
    """One recording. The owner calls `close`. Seconds count from its opening, by the given time source."""

    def __init__(self, path: Path, *, time: TimeSource, title: str, columns: int, rows: int) -> None:
        self._time = time
        self._began: Instant = time.now()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._room = MAX_COMMAND_BYTES
        self._left_out = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("w", encoding="utf-8")
        header = {"version": 2, "width": columns, "height": rows, "title": title}
        self._line(header | {"timestamp": int(self._began.wall.timestamp())})

    def output(self, data: bytes) -> None:
        """What the terminal showed. Bytes that are no UTF-8 are shown as the replacement character."""
        kept = data[: self._room]
        self._room -= len(kept)
        self._left_out += len(data) - len(kept)
        text = self._decode(kept)
        if text:
            self._event("o", text)

    def marker(self, label: str) -> None:
        """A place that players can jump to; also grants room for the output that follows."""
        self._note_left_out()
        self._room = MAX_COMMAND_BYTES
        self._event("m", label)

    def flush(self) -> None:
        """Hand what was written to the system, so that others can read it."""
        self._file.flush()

    def close(self) -> None:
        """End the recording. Closing again does nothing."""
        if not self._file.closed:
            self._note_left_out()
            self._file.close()

    def _note_left_out(self) -> None:
        if self._left_out:
            self._event("o", f"\r\n[{self._left_out:,} bytes more are not recorded]\r\n")
            self._left_out = 0

    def _event(self, code: str, text: str) -> None:
        seconds = round(self._time.now().seconds_since(self._began), 6)
        self._line([seconds, code, text])

    def _line(self, value: object) -> None:
        self._file.write(json.dumps(value, ensure_ascii=False) + "\n")
