"""A drill as one file: out of one reports folder, into another."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from blackstart.chain import Event
from blackstart.errors import RecordError, UsageError
from blackstart.events import DrillOpened
from blackstart.record import jsonl
from blackstart.record.reader import lines
from blackstart.record.sqlite import NAME, Sqlite
from blackstart.record.verify import verify

__all__ = ["export", "import_", "write"]

_ID = re.compile(r"INC-\d{4}-\d{2}-\d{2}-\d{3,}", re.ASCII)


def export(folder: Path, out: Path | BinaryIO) -> None:
    """Write the record in `folder` as one JSON Lines file: whole and at once to a path, or to an open file.

    A record that is not closed can be exported; `import_` takes only closed ones. Errors: RecordError when there is
    none; UsageError when `out` cannot be written.
    """
    whole = lines(folder)
    if not isinstance(out, Path):
        out.writelines(line + b"\n" for line in whole)
        return
    try:
        jsonl.put_in_place(out, whole)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None


def import_(file: Path, reports: Path) -> Path:
    """Bring an exported drill in; returns its folder. Nothing is overwritten.

    Errors: UsageError when there is no such file, or the drill is there already; RecordError when it does not verify.
    """
    if not file.is_file():
        raise UsageError(f"there is no file {file}", hint="blackstart export writes one")
    verdict = verify(file)
    if verdict.state != "ok":
        hint = "export it again where it was recorded"
        if verdict.state == "unclosed":
            hint = "close it by blackstart recover where it was recorded, and export it again"
        raise RecordError(f"{file} is {verdict.state}: {verdict.why}", hint=hint)
    whole = lines(file)
    folder = reports / _drill(Event.from_line(whole[0]), file)
    try:
        reports.mkdir(parents=True, exist_ok=True)
        folder.mkdir()  # the same claim as that of a new drill, so that neither can take the other's id
    except FileExistsError:
        raise UsageError(
            f"{folder} is there already", hint="import into another folder with --reports-dir"
        ) from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}") from None
    try:
        write(folder, whole)
    except UsageError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _drill(first: Event, file: Path) -> str:
    if not isinstance(first.body, DrillOpened):
        raise RecordError(f"{file} does not begin with a drill: its first event is {first.kind}")
    drill = first.body.drill
    if not _ID.fullmatch(str(drill)):
        raise RecordError(f"{file} has no drill id that a folder could be called: {drill!r}")
    return drill


def write(folder: Path, whole: Sequence[bytes]) -> None:
    """Make both files of a record from its lines, as they are. UsageError when they cannot be written."""
    try:
        with closing(Sqlite(folder / NAME)) as store:
            store.append(1, [line.decode("ascii") for line in whole])
            store.finish()
        jsonl.put_in_place(folder / jsonl.NAME, whole)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"{folder} cannot be written: {error}", hint="see that the disk has room") from None
