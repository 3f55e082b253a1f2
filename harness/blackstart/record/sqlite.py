"""The record's database: every SQL statement of blackstart stands here.

One table, one row an event, the event's JSON as text. While a drill runs the database is in WAL mode, so that readers
never block the writer; a finished one is a single plain file, which can be read from a folder that is read-only.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Protocol

__all__ = ["NAME", "Sqlite", "Store", "damaged", "last_row", "rows"]

NAME = "record.sqlite"

_CREATE = "CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT"
_INSERT = "INSERT INTO events (seq, line) VALUES (?, ?)"
_AFTER = "SELECT line FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
_LAST = "SELECT line FROM events ORDER BY seq DESC LIMIT 1"
_UPDATE = "UPDATE events SET line = ? WHERE seq = ?"

_BUSY_S = 10.0
"""Real seconds to wait for another process's transaction; each is milliseconds, so more means that it hangs."""

_NOT_NOW = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
}
"""What speaks of the machine and not of the file."""

_UNWRITABLE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
"""What a reader hears where SQLite cannot make its file beside the database."""


class Store(Protocol):
    """Where a record keeps its lines. One thread at a time uses it; whoever opened it calls `close`.

    `append` is one transaction: on disk when it returns, or nothing of it there.
    """

    def append(self, first: int, lines: Iterable[str]) -> None: ...

    def after(self, seq: int) -> list[bytes]: ...

    def last(self) -> bytes | None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


class Sqlite:
    """The database of one drill, open for writing. Errors: sqlite3.Error, from every call."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, _BUSY_S, isolation_level=None, check_same_thread=False)
        self._database.text_factory = bytes
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(_CREATE)

    def append(self, first: int, lines: Iterable[str]) -> None:
        """Put lines on disk, numbered from `first`, all or none."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(_INSERT, enumerate(lines, first))
            self._database.execute("COMMIT")
        except sqlite3.Error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def after(self, seq: int) -> list[bytes]:
        """Every line behind that number, in order."""
        return [row[0] for row in self._database.execute(_AFTER, (seq, -1))]

    def last(self) -> bytes | None:
        """The last line; None when there is none."""
        row = self._database.execute(_LAST).fetchone()
        return row[0] if row else None

    def replace(self, seq: int, line: str) -> None:
        """Put another line in the place of one, and leave no byte of the former in any file of the database."""
        self._database.execute(_UPDATE, (line, seq))
        self._database.execute("VACUUM")
        busy, *_ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("a reader keeps the former version")

    def finish(self) -> None:
        """Nothing more will be written: make it one plain file, unless a reader has it open just now."""
        self._database.execute("PRAGMA busy_timeout=0")
        try:
            self._database.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error:
            pass  # the reader's database stays in WAL mode, and is as whole

    def close(self) -> None:
        try:
            self._database.close()
        except sqlite3.Error:
            pass  # what was promised is on disk already


def rows(path: Path, after: int = 0, limit: int = -1) -> list[bytes]:
    """The lines behind a number, all of one moment; `limit` -1 for every one. Errors: sqlite3.Error.

    Never blocks the writer. What a crash left is read with its journal, also where nothing can be written.
    """
    return _read(path, _AFTER, (after, limit))


def last_row(path: Path) -> bytes | None:
    """The last line; None when there is none. Errors as `rows`."""
    found = _read(path, _LAST, ())
    return found[0] if found else None


def _read(path: Path, statement: str, values: tuple[int, ...]) -> list[bytes]:
    try:
        return _query(path, "mode=ro", statement, values)
    except sqlite3.OperationalError as error:
        if str(error) == "no such table: events":
            return []  # its writer died before the first event
        if error.sqlite_errorcode & 0xFF not in _UNWRITABLE:
            raise
        return _read_untouched(path, statement, values)


def _read_untouched(path: Path, statement: str, values: tuple[int, ...]) -> list[bytes]:
    """Read where nothing can be written (a folder that is read-only, a full disk): SQLite would make a file beside
    the database. Without a journal it need not; a journal is replayed on a copy somewhere else.
    """
    journal = path.with_name(f"{path.name}-wal")
    if not journal.exists() or journal.stat().st_size == 0:
        return _query(path, "mode=ro&immutable=1", statement, values)
    with tempfile.TemporaryDirectory(prefix="blackstart-") as folder:
        for each in (path, journal):
            shutil.copyfile(each, Path(folder) / each.name)
        return _query(Path(folder) / path.name, "mode=ro", statement, values)


def _query(path: Path, mode: str, statement: str, values: tuple[int, ...]) -> list[bytes]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", _BUSY_S, uri=True)) as database:
        database.text_factory = bytes
        try:
            return [row[0] for row in database.execute(statement, values)]
        except UnicodeDecodeError:  # its words on what is wrong repeat the damage
            raise sqlite3.DatabaseError("database disk image is malformed") from None


def damaged(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is not, or no longer, a record's database."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF not in _NOT_NOW
