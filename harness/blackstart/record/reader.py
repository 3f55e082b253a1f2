"""Read a drill's record: while it runs, after a crash, or from an exported file. Never blocks the writer."""

from __future__ import annotations

import gc
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from blackstart.chain import Event
from blackstart.clock import SystemTime, TimeSource
from blackstart.errors import NoRecord, RecordError
from blackstart.events import DrillClosed, DrillOpened
from blackstart.record import sqlite

__all__ = ["Unreadable", "follow", "header", "last", "lines", "read"]

FOLLOW_EVERY_S = 0.2
"""Real seconds between two looks of `follow`: at once to a person's eye, and next to nothing for the disk."""

_PART = 100
"""Events that are parsed at once; with fewer or many more a long record takes longer."""

_DAMAGE = (AttributeError, KeyError, RecursionError, TypeError, ValueError)
"""What parsing raises for something that is no event."""


class Unreadable(RecordError):
    """The database of a record is none, or no longer."""


def read(path: Path) -> list[Event]:
    """Every event, in order. `path`: a drill's folder, its record.sqlite, or a JSON Lines file.

    What is read is what is there: only `verify` says whether it is what was written.
    Errors: RecordError when there is no record, or when it is damaged beyond reading.
    """
    whole = lines(path)
    with _uncollected():
        return [
            event
            for first in range(0, len(whole), _PART)
            for event in _part(path, first, whole[first : first + _PART])
        ]


def header(path: Path) -> DrillOpened:
    """What a record says of its drill, without reading the rest. RecordError when it does not begin with that."""
    found = _rows(path, lambda database: sqlite.rows(database, 0, 1), lambda whole: whole[:1])
    body = _event(path, 1, found[0]).body if found else None
    if not isinstance(body, DrillOpened):
        raise RecordError(
            f"the record {path} does not begin with a drill", hint="its harness may just have begun"
        )
    return body


def last(path: Path) -> Event | None:
    """The last event, without reading the rest; None for an empty record. Errors as `read`."""
    found = _rows(
        path, lambda database: [row for row in [sqlite.last_row(database)] if row], lambda whole: whole[-1:]
    )
    return _event(path, 0, found[0]) if found else None


def follow(
    folder: Path,
    *,
    until: Callable[[], bool] = lambda: False,
    source: TimeSource | None = None,
) -> Iterator[Event]:
    """Every event so far, and then each as it comes, from whatever process writes it. Ends behind `drill.closed`,
    or when nothing is new and `until` says so (its harness died; the reader wants no more). Errors as `read`.
    """
    time, seq = source or SystemTime(), 0
    while True:
        over = until()  # asked before looking, so that nothing written before it was true is missed
        for event in _newer(folder, seq):
            yield event
            seq = event.seq
            over = over or event.kind == DrillClosed.kind
        if over:
            return
        time.sleep(FOLLOW_EVERY_S)


def _newer(folder: Path, seq: int) -> list[Event]:
    found = _rows(folder, lambda database: sqlite.rows(database, seq), lambda whole: whole[seq:])
    return [_event(folder, number, line) for number, line in enumerate(found, seq + 1)]


def lines(path: Path) -> list[bytes]:
    """The events as JSON, one each. A last line of a file that was torn off is left out. Errors as `read`."""
    return _rows(path, sqlite.rows, lambda whole: whole)


def _rows(
    path: Path, of_database: Callable[[Path], list[bytes]], of_file: Callable[[list[bytes]], list[bytes]]
) -> list[bytes]:
    """Lines from a database by one function, or those of a lines file by another."""
    file = path / sqlite.NAME if path.is_dir() else path
    if not file.is_file():
        raise NoRecord(f"there is no record at {path}", hint="blackstart list shows the drills")
    try:
        if file.suffix == ".sqlite":
            return of_database(file)
        return of_file(file.read_bytes().split(b"\n")[:-1])
    except sqlite3.Error as error:
        if sqlite.damaged(error):
            raise Unreadable(f"{file} is not a readable record: {error}") from None
        raise RecordError(f"{file} cannot be read: {error}") from None
    except OSError as error:
        raise RecordError(f"{file} cannot be read: {error.strerror}") from None


def _part(path: Path, first: int, part: list[bytes]) -> list[Event]:
    """Some events at once: what their names of fields have in common is then read once. One at a time where one of
    them is damaged, to say which.
    """
    try:
        found = json.loads(b"[" + b",".join(part) + b"]")
        if len(found) == len(part):
            return [Event.from_json(line) for line in found]
    except _DAMAGE:
        pass
    return [_event(path, number, line) for number, line in enumerate(part, first + 1)]


def _event(path: Path, number: int, line: bytes) -> Event:
    try:
        return Event.from_json(json.loads(line))
    except _DAMAGE as error:
        which = f"event {number}" if number else "the last event"
        raise RecordError(
            f"{which} of the record {path} is damaged: {type(error).__name__}: {error}",
            hint="blackstart verify says where the record was altered",
        ) from None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cycle collector: it would walk through all the events read so far again and again, which takes
    half of the time of a long record, and they have no cycles.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
