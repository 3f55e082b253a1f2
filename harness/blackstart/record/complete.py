"""After a crash: `record.jsonl` becomes what the database says."""

from __future__ import annotations

from pathlib import Path

from blackstart.errors import UsageError
from blackstart.record import jsonl
from blackstart.record.reader import lines

__all__ = ["complete", "copy_out"]


def complete(folder: Path) -> bool:
    """Make `record.jsonl` say what `record.sqlite` says: a torn last line goes, what was missing comes.

    Returns whether anything had to be done. Durable when it returns. Errors: RecordError when there is no record or
    it cannot be read; UsageError when it is being written, or the file cannot be.
    """
    whole = lines(folder)
    try:
        with jsonl.held(folder):
            whole = lines(folder)  # now that nobody adds to it
            return copy_out(folder, whole)
    except OSError as error:
        raise UsageError(f"{folder / jsonl.NAME} cannot be written: {error.strerror}") from None


def copy_out(folder: Path, whole: list[bytes]) -> bool:
    """The same for lines already read, by whoever holds the record. Errors: OSError."""
    path = folder / jsonl.NAME
    if path.is_file() and path.read_bytes() == b"".join(line + b"\n" for line in whole):
        return False
    jsonl.put_in_place(path, whole)
    return True
