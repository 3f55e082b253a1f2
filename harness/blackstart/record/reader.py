"""Read a drill's record: while it runs, after a crash, or from an exported file. Never blocks the writer."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blackstart.errors import RecordError
from blackstart.events import Event

__all__ = ["lines", "read"]

SELECT = "SELECT line FROM events ORDER BY seq"


def read(path: Path) -> list[Event]:
    """Every event, in order. `path`: a drill's folder, its record.sqlite, or a JSON Lines file.

    Errors: RecordError when there is no record, or when it is damaged beyond reading.
    """
    try:
        return [Event.from_json(json.loads(line)) for line in lines(path)]
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(
            f"the record {path} is damaged: {type(error).__name__}: {error}",
            hint="blackstart verify says where",
        ) from None


def lines(path: Path) -> Iterator[str]:
    """The events as JSON text, one each. A last line of a file that was torn off is left out."""
    database = path / "record.sqlite" if path.is_dir() else path
    if not database.is_file():
        raise RecordError(f"there is no record at {path}", hint="blackstart list shows the drills")
    if database.suffix != ".sqlite":
        yield from (line for line in database.read_text("utf-8").split("\n")[:-1])
        return
    for row in _rows(database):
        yield row[0]


def _rows(database: Path) -> list[Any]:
    """All rows at one moment. A folder that cannot be written to is opened as it is, without its journal."""
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        try:
            connection = sqlite3.connect(f"file:{database.resolve()}?{mode}", uri=True)
            try:
                return connection.execute(SELECT).fetchall()
            finally:
                connection.close()
        except sqlite3.OperationalError as error:
            problem = error
        except sqlite3.DatabaseError as error:
            raise RecordError(f"{database} is not a readable record: {error}") from None
    raise RecordError(f"{database} cannot be read: {problem}")
