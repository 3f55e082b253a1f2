"""Append to a drill's record: durable when `append` returns; many writers, one commit for all that wait."""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from blackstart.errors import BlackstartError
from blackstart.events import Body, DrillClosed, Event, Source, chain_hash

if TYPE_CHECKING:
    from blackstart.clock import Stamp

__all__ = ["GENESIS", "Record", "WriteFailed"]

GENESIS = "0" * 64
"""What the first event has as `prev`."""

CREATE = "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT"
INSERT = "INSERT INTO events (seq, line) VALUES (?, ?)"
LAST = "SELECT line FROM events ORDER BY seq DESC LIMIT 1"


class WriteFailed(BlackstartError):
    """The record could not be written (a full disk, a folder that went away). What is on disk stays readable."""


@dataclass(slots=True)
class _Waiting:
    body: Body
    stamp: Stamp
    actor: str
    source: Source
    done: Future[Event]


class Record:
    """One drill's record, open for writing. Thread-safe. Whoever opened it calls `close` or `leave`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._seq, self._head = 0, GENESIS
        self._left = False
        self._opened: Future[None] = Future()
        self._writer = threading.Thread(target=self._write, name="record", daemon=True)
        self._writer.start()
        self._opened.result()

    @classmethod
    def create(cls, folder: Path) -> Record:
        """A new record in `folder`, which must not have one. Errors: WriteFailed."""
        if (folder / "record.sqlite").exists():
            raise WriteFailed(f"there is a record in {folder} already", hint="a drill's folder is used once")
        return cls(folder)

    @classmethod
    def reopen(cls, folder: Path) -> Record:
        """Go on with the record of a drill whose harness died. Errors: WriteFailed."""
        return cls(folder)

    def append(self, body: Body, *, stamp: Stamp, actor: str, source: Source) -> Event:
        """Put one event on disk; returns when it is there. Errors: WriteFailed; ValueError for what is not JSON."""
        if self._left:
            raise WriteFailed(f"the record in {self._folder} is closed: nothing more goes in")
        waiting = _Waiting(body, stamp, actor, source, Future())
        self._waiting.put(waiting)
        return waiting.done.result()

    def close(self, stamp: Stamp) -> None:
        """Write the last event, which counts the others, and let go of the files."""
        closed = DrillClosed(self._seq, self._head)
        self.append(closed, stamp=stamp, actor="harness", source="harness")
        self.leave()

    def leave(self) -> None:
        """Let go of the files without closing the drill."""
        self._left = True
        self._waiting.put(None)
        self._writer.join()

    # --- the writer's thread ----------------------------------------------------------------------

    def _write(self) -> None:
        try:
            database = self._open()
        except (OSError, sqlite3.Error, BlackstartError) as error:
            self._opened.set_exception(self._failure(error))
            return
        with (self._folder / "record.jsonl").open("ab") as lines:
            self._opened.set_result(None)
            while batch := self._next_batch():
                self._commit(database, lines, batch)
        database.close()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._folder / "record.sqlite", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("PRAGMA secure_delete=ON")
        database.execute(CREATE)
        if last := database.execute(LAST).fetchone():
            event = json.loads(last[0])
            self._seq, self._head = event["seq"], event["hash"]
        return database

    def _next_batch(self) -> list[_Waiting]:
        """Everything that waits, at least one; empty when the owner is done."""
        first = self._waiting.get()
        batch = [first]
        while first is not None and not self._waiting.empty():
            batch.append(self._waiting.get())
        if None in batch:
            self._waiting.put(None)
        return [one for one in batch if one is not None]

    def _commit(self, database: sqlite3.Connection, lines: BinaryIO, batch: list[_Waiting]) -> None:
        seq, head = self._seq, self._head
        written: list[tuple[_Waiting, Event, str]] = []
        for one in batch:
            try:
                event = _chained(one, seq + 1, head)
                text = json.dumps(event.to_json(), separators=(",", ":"), allow_nan=False)
            except (TypeError, ValueError) as error:
                one.done.set_exception(ValueError(f"an event cannot be written as JSON: {error}"))
                continue
            seq, head = event.seq, event.hash
            written.append((one, event, text))
        try:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(INSERT, [(event.seq, text) for _, event, text in written])
            database.execute("COMMIT")
        except sqlite3.Error as error:
            if database.in_transaction:
                database.execute("ROLLBACK")
            for one, _, _ in written:
                one.done.set_exception(self._failure(error))
            return
        self._seq, self._head = seq, head
        lines.write("".join(text + "\n" for _, _, text in written).encode())
        lines.flush()
        for one, event, _ in written:
            one.done.set_result(event)

    def _failure(self, error: Exception) -> WriteFailed:
        return WriteFailed(
            f"the record in {self._folder} cannot be written: {error}",
            hint="see that the disk has room and the folder can be written to",
        )


def _chained(one: _Waiting, seq: int, prev: str) -> Event:
    stamp = one.stamp
    event = Event(
        seq, stamp.at, stamp.wall, stamp.mono_ns, stamp.drill_s, one.actor, one.source, one.body, prev, ""
    )
    return replace(event, hash=chain_hash(event.to_json()))
