"""Remove somebody's words from a record for good. The chain has only their salted hash, so it still verifies.

Only the record is touched: a terminal's cast and the reports are written anew or removed by whoever asked.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from blackstart.chain import without_words, words, write_line
from blackstart.errors import RecordError, UsageError
from blackstart.record import jsonl
from blackstart.record.complete import copy_out
from blackstart.record.reader import lines
from blackstart.record.sqlite import NAME, Sqlite

__all__ = ["redact"]


def redact(folder: Path, seq: int) -> None:
    """Remove the free text of one event from every file of the record, its salt with it: a short text could be found
    again by trying. May be called again, also after a crash in the middle.

    Errors: UsageError when there is no such event, it has no words, or the record is being written; RecordError when
    it cannot be read or written.
    """
    before = lines(folder)
    if not 1 <= seq <= len(before):
        raise UsageError(
            f"{folder.name} has no event {seq}: it has {len(before)}",
            hint="record.jsonl has them, one a line",
        )
    blank = _blank(folder, seq, before[seq - 1])
    try:
        with jsonl.held(folder), closing(Sqlite(folder / NAME)) as store:
            store.replace(seq, blank)
            copy_out(folder, store.after(0))
            store.finish()
    except (OSError, sqlite3.Error) as error:
        raise RecordError(
            f"event {seq} of {folder.name} may still have its words: {error}", hint="redact it again"
        ) from None


def _blank(folder: Path, seq: int, line: bytes) -> str:
    try:
        event = json.loads(line)
        data, kind = event["data"], event["kind"]
    except (KeyError, TypeError, ValueError):
        raise RecordError(
            f"event {seq} of {folder.name} is damaged", hint="blackstart verify says more"
        ) from None
    if not any(words(data)):
        raise UsageError(f"event {seq} of {folder.name} is a {kind}: it has no words to remove")
    return write_line(event | {"data": without_words(data)})
