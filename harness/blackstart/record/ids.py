"""A drill's id is its incident's id: claimed by making its folder, found again by id or as the latest."""

from __future__ import annotations

import difflib
import os
from datetime import date
from pathlib import Path

from blackstart.errors import UsageError

__all__ = ["claim", "find"]


def claim(reports: Path, today: date) -> tuple[str, Path]:
    """A new id of that UTC day and its folder, made at once, so that two drills never share one."""
    _make(reports)
    taken = [_number(path) for path in reports.glob(f"INC-{today.isoformat()}-*")]
    number = max(taken, default=0) + 1
    while True:
        drill = f"INC-{today.isoformat()}-{number:03d}"
        try:
            (reports / drill).mkdir()
        except FileExistsError:
            number += 1
        else:
            _point_latest(reports, drill)
            return drill, reports / drill


def _make(reports: Path) -> None:
    try:
        reports.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the reports folder {reports} cannot be made: {error.strerror}",
            hint="give another to --reports-dir",
        ) from None


def _number(path: Path) -> int:
    last = path.name.rsplit("-", 1)[-1]
    return int(last) if last.isdigit() else 0


def _point_latest(reports: Path, drill: str) -> None:
    part = reports / f".latest-{drill}"
    part.symlink_to(drill)
    os.replace(part, reports / "latest")


def find(reports: Path, drill: str) -> Path:
    """The folder of a drill: its id, the end of its id, or "latest". UsageError with the nearest id."""
    ids = sorted(path.name for path in reports.glob("INC-*") if path.is_dir())
    if not ids:
        raise UsageError(
            f"there is no drill in {reports}", hint="run one first, or name the folder with --reports-dir"
        )
    if drill == "latest":
        link = reports / "latest"
        return reports / (os.readlink(link) if link.is_symlink() else ids[-1])
    found = [one for one in ids if one == drill] or [one for one in ids if one.endswith(drill) and drill]
    if len(found) == 1:
        return reports / found[0]
    near = found or difflib.get_close_matches(drill, ids, 3, 0.5) or ids[-3:]
    raise UsageError(f"no drill in {reports} is called {drill!r}", hint=f"did you mean {', '.join(near)}?")
