"""Remove somebody's words from a record for good. The chain has only their salted hash, so it still verifies."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blackstart.errors import UsageError
from blackstart.record.complete import complete

__all__ = ["redact"]


def redact(folder: Path, seq: int) -> None:
    """Remove the free text of one event. Errors: UsageError when there is no such event, or it has no words."""
    database = sqlite3.connect(folder / "record.sqlite", isolation_level=None)
    try:
        database.execute("PRAGMA secure_delete=ON")
        row = database.execute("SELECT line FROM events WHERE seq = ?", (seq,)).fetchone()
        if row is None:
            raise UsageError(
                f"{folder.name} has no event {seq}", hint="blackstart report --format md lists them"
            )
        event = json.loads(row[0])
        blank = event | {"data": _without_words(event["data"])}
        if blank == event:
            raise UsageError(f"event {seq} of {folder.name} is a {event['kind']}: it has no words to remove")
        text = json.dumps(blank, separators=(",", ":"))
        database.execute("UPDATE events SET line = ? WHERE seq = ?", (text, seq))
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the words must not live on in the journal
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        database.close()
    complete(folder)


def _without_words(data: Any) -> Any:
    if isinstance(data, Mapping):
        if data.keys() == {"text", "salt", "sha256"}:
            return {"text": None, "salt": data["salt"], "sha256": data["sha256"]}
        return {key: _without_words(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_without_words(value) for value in data]
    return data
