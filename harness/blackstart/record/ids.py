"""A drill's id is its incident's id: claimed by making its folder, found again by id or as the latest."""

from __future__ import annotations

import difflib
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from blackstart.errors import UsageError
from blackstart.record.jsonl import sync_folder

__all__ = ["claim", "find", "known"]

LATEST = "latest"


def claim(reports: Path, today: date) -> tuple[str, Path]:
    """A new id of that UTC day and its folder, made at once, so that two drills never share one.

    `reports/latest` then points to it. Errors: UsageError when the reports folder cannot be made or written.
    """
    try:
        reports.mkdir(parents=True, exist_ok=True)
        with _alone(reports):
            drill = _free(reports, f"INC-{today.isoformat()}")
            _point_latest(reports, drill)
            sync_folder(reports)
    except OSError as error:
        raise UsageError(
            f"the reports folder {reports} cannot be used: {error.strerror}: {error.filename}",
            hint="give another one: --reports-dir",
        ) from None
    return drill, reports / drill


@contextmanager
def _alone(reports: Path) -> Iterator[None]:
    """One claim at a time, so that `latest` never points to the second newest. The claim itself is the mkdir."""
    folder = os.open(reports, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _free(reports: Path, day: str) -> str:
    number = max((_order(path.name)[1] for path in reports.glob(f"{day}-*")), default=0)
    while True:
        number += 1
        try:
            (reports / f"{day}-{number:03d}").mkdir()
        except FileExistsError:
            continue  # an import was quicker
        return f"{day}-{number:03d}"


def _order(drill: str) -> tuple[str, int]:
    """Sorts ids by day and number: 1000 comes after 999."""
    day, _, number = drill.rpartition("-")
    return day, int(number) if number.isdecimal() else 0


def _point_latest(reports: Path, drill: str) -> None:
    part = reports / f".{LATEST}"
    part.unlink(missing_ok=True)
    part.symlink_to(drill)
    os.replace(part, reports / LATEST)


def known(reports: Path) -> list[str]:
    """The ids of every drill in the reports folder, oldest first; none where there is no such folder.

    Errors: UsageError when it is a file.
    """
    if reports.exists() and not reports.is_dir():
        raise UsageError(f"{reports} is no folder", hint="name the folder with the drills: --reports-dir")
    return sorted((path.name for path in reports.glob("INC-*") if path.is_dir()), key=_order)


def find(reports: Path, drill: str) -> Path:
    """The folder of a drill: by its id, the beginning or end of it, or "latest".

    Errors: UsageError that names the nearest ids, or all those that it could be.
    """
    ids = known(reports)
    if not ids:
        raise UsageError(
            f"there is no drill in {reports}", hint="run one first, or name the folder with --reports-dir"
        )
    if drill == LATEST:
        return reports / _latest(reports, ids)
    found = [one for one in ids if one == drill] or _alike(drill, ids)
    if len(found) == 1:
        return reports / found[0]
    if found:
        raise UsageError(
            f"{len(found)} drills in {reports} could be {drill!r}", hint=f"one of {_some(found)}"
        )
    near = difflib.get_close_matches(drill, ids, 3, 0.5) or ids
    raise UsageError(f"no drill in {reports} is called {drill!r}", hint=f"did you mean {_some(near)}?")


def _latest(reports: Path, ids: list[str]) -> str:
    """What the link says, or the newest where somebody removed the link or what it points to."""
    link = reports / LATEST
    named = os.readlink(link) if link.is_symlink() else ""
    return named if named in ids else ids[-1]


def _alike(drill: str, ids: list[str]) -> list[str]:
    return [one for one in ids if drill and (one.startswith(drill) or one.endswith(drill))]


def _some(ids: list[str]) -> str:
    return ", ".join(ids[-3:])
