"""A drill as one file: out of one reports folder, into another."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from blackstart.errors import RecordError, UsageError
from blackstart.events import DrillOpened, Event
from blackstart.record.complete import complete
from blackstart.record.reader import lines
from blackstart.record.store import CREATE, INSERT
from blackstart.record.verify import verify

__all__ = ["export", "import_"]


def export(folder: Path, out: Path) -> None:
    """Write the record in `folder` to one JSON Lines file. Errors: UsageError when it cannot be written."""
    try:
        with out.open("w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines(folder))
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from None


def import_(file: Path, reports: Path) -> Path:
    """Bring an exported drill in; returns its folder. Errors: RecordError for a file that does not verify."""
    if not file.is_file():
        raise UsageError(f"there is no file {file}", hint="blackstart export writes one")
    verdict = verify(file)
    if verdict.state != "ok":
        raise RecordError(
            f"{file} is {verdict.state}: {verdict.why}", hint="export it again where it was recorded"
        )
    texts = list(lines(file))
    folder = reports / _drill(Event.from_json(json.loads(texts[0])), file)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(
            f"{folder} is there already", hint="import into another folder with --reports-dir"
        ) from None
    _write(folder, texts)
    return folder


def _drill(first: Event, file: Path) -> str:
    if not isinstance(first.body, DrillOpened):
        raise RecordError(f"{file} does not begin with a drill: its first event is {first.kind}")
    drill = first.body.drill
    if not drill.startswith("INC-") or Path(drill).name != drill:
        raise RecordError(f"{file} has no drill id that a folder could be called: {drill!r}")
    return drill


def _write(folder: Path, texts: list[str]) -> None:
    database = sqlite3.connect(folder / "record.sqlite")
    with database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(CREATE)
        database.executemany(INSERT, enumerate(texts, 1))
    database.close()
    complete(folder)
