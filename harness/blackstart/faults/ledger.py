"""The ledger: every fault, with what undoes it, on disk before the fault is injected."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from blackstart.clock import SystemTime, TimeSource, iso

__all__ = ["Ledger", "Row", "State"]

State = Literal["intended", "injected", "effective", "healing", "healed", "proven", "unproven"]
STATES: tuple[str, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Row:
    """One fault at one moment. `undo` is all that healing needs. `wall` is the machine's UTC."""

    drill: str
    fault: str
    type: str
    target: str
    params: Mapping[str, Any]
    undo: Mapping[str, Any]
    state: State
    wall: str

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Ledger:
    """An append-only file in the drill's folder. Each call returns when its row is on disk."""

    def __init__(self, folder: Path, drill: str = "", source: TimeSource | None = None) -> None:
        self._path = folder / "ledger.jsonl"
        self._drill = drill or folder.name
        self._source = source or SystemTime()

    def intend(
        self, fault: str, *, type: str, target: str, params: Mapping[str, Any], undo: Mapping[str, Any]
    ) -> None:
        """A fault is about to be injected. Nothing may be touched before this returns."""
        self._append(Row(self._drill, fault, type, target, dict(params), dict(undo), "intended", self._now()))

    def mark(self, fault: str, state: State) -> None:
        """A fault's next state. KeyError for one that was never intended."""
        self._append(replace(self.latest()[fault], state=state, wall=self._now()))

    def latest(self) -> dict[str, Row]:
        """The last row of each fault, in the order in which the faults were intended."""
        rows: dict[str, Row] = {}
        for row in self._rows():
            rows[row.fault] = row
        return rows

    def open_rows(self) -> list[Row]:
        """Every fault that is not proven healed: to heal, newest first."""
        return [row for row in reversed(self.latest().values()) if row.state != "proven"]

    def _now(self) -> str:
        return iso(self._source.now().wall)

    def _rows(self) -> list[Row]:
        """Every whole row. A line that a crash tore off was never promised to anybody."""
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return []
        return [Row(**json.loads(line)) for line in text.split(b"\n")[:-1]]

    def _append(self, row: Row) -> None:
        line = json.dumps(row.to_json(), separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self._path.open("ab") as file:
            _cut_torn_line(self._path)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the file's name must survive a power cut as well as its contents
        finally:
            os.close(folder)


def _cut_torn_line(path: Path) -> None:
    """Take away what a crash tore off, so that the next row begins a line of its own."""
    text = path.read_bytes()
    whole = text.rfind(b"\n") + 1
    if whole != len(text):
        os.truncate(path, whole)
