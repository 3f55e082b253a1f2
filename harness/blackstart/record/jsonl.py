"""`record.jsonl`: the record as plain lines, for people and their tools. It follows the database, never leads.

Whoever may change a record holds the lock on this file: the drill that writes it, or whoever completes or redacts
it afterwards. The kernel lets go of the lock however its holder dies.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from blackstart.errors import UsageError

__all__ = ["NAME", "Lines", "held", "put_in_place", "sync_folder"]

NAME = "record.jsonl"


class Lines:
    """The lines file of a record that is being written, held against every other writer.

    It must be complete when opened. `count` is how many lines it has, set by its owner, who also calls `close`.
    Errors: OSError; UsageError when another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        self.count = 0
        self._file = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            _lock(self._file, folder)
        except BaseException:
            os.close(self._file)
            raise
        self._size = os.fstat(self._file).st_size

    def follow(self, seq: int, lines: Sequence[str], missing: Callable[[int], list[bytes]]) -> None:
        """Take over lines that are in the database, the last of them numbered `seq`.

        What could not be written (a full disk) is fetched by `missing` and tried again the next time: the database
        is the truth, so a copy that lags ends nothing.
        """
        try:
            text = "".join(line + "\n" for line in lines).encode()
            if self.count + len(lines) != seq:
                text = b"".join(line + b"\n" for line in missing(self.count))
            self._write(text)
            self.count = seq
        except (OSError, sqlite3.Error):
            self._take_back()

    def _write(self, text: bytes) -> None:
        left = memoryview(text)
        while left:
            left = left[os.write(self._file, left) :]
        self._size += len(text)

    def _take_back(self) -> None:
        """No half a line stays behind, if that can be helped."""
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            pass  # `complete` cuts it

    def close(self) -> None:
        os.close(self._file)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep every other writer off a record. UsageError when one is at work."""
    file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _lock(file, folder)
        yield
    finally:
        os.close(file)


def _lock(file: int, folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            f"the record in {folder} is being written by another process", hint="wait until its drill is over"
        ) from None


def put_in_place(path: Path, lines: Sequence[bytes]) -> None:
    """Write a lines file whole, durable, and at once: no reader sees half of it. Errors: OSError."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(line + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a new file survives a power cut only after this."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
