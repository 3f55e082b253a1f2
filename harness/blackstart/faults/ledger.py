"""The ledger: every fault, with what undoes it, on disk before the fault is injected.

A plain file of JSON lines in the drill's folder, so that it can be read when nothing else works.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from blackstart.clock import SystemTime, TimeSource, iso
from blackstart.errors import BlackstartError, Exit

__all__ = ["NAME", "Ledger", "LedgerFailed", "Row", "State"]

NAME = "ledger.jsonl"

State = Literal[
    "intended", "injected", "effective", "reinjected", "recovered", "healing", "healed", "proven", "unproven"
]
"""How far a fault has come. `recovered`: people mended it before anybody undid it; `healed`: it was undone.

Only `proven`, for which a probe said so, means that nothing is to be done about it.
"""

STATES: tuple[str, ...] = get_args(State)

_MAPPINGS = ("params", "undo")
"""What of a row is an object; everything else is text."""


class LedgerFailed(BlackstartError):
    """The ledger could not be written or read, so nothing may be broken. What is on disk of it stays as it is."""

    exit_code: ClassVar[Exit] = Exit.ABORTED


@dataclass(frozen=True, slots=True)
class Row:
    """One fault at one moment. `undo` is all that healing needs. `wall` is the machine's UTC.

    `probe` is what must turn green to prove the healing.
    """

    drill: str
    fault: str
    type: str
    target: str
    params: Mapping[str, Any]
    undo: Mapping[str, Any]
    state: State
    wall: str
    probe: str = ""

    def to_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_line(cls, line: bytes) -> Row:
        """ValueError for a line that is no row. What a later version adds to a row is left out."""
        read = json.loads(line)
        if not isinstance(read, dict) or read.get("state") not in STATES:
            raise ValueError("not a row of the ledger")
        known = {f.name: read[f.name] for f in fields(cls) if f.name in read}
        for name, value in known.items():
            if not isinstance(value, dict if name in _MAPPINGS else str):
                raise ValueError(f"a row of the ledger whose {name} is {value!r}")
        if missing := [f.name for f in fields(cls) if f.default is MISSING and f.name not in known]:
            raise ValueError(f"a row of the ledger without {', '.join(missing)}")
        return cls(**known)


class Ledger:
    """An append-only file in the drill's folder. Each call returns when its row is on disk.

    Readable by any process at any time; written by one at a time (the drill, or `recover` after it).
    """

    def __init__(self, folder: Path, drill: str = "", source: TimeSource | None = None) -> None:
        self._path = folder / NAME
        self._drill = drill or folder.name
        self._source = source or SystemTime()

    def intend(
        self,
        fault: str,
        *,
        type: str,
        target: str,
        params: Mapping[str, Any],
        undo: Mapping[str, Any],
        probe: str = "",
    ) -> None:
        """A fault is about to be injected. Nothing may be touched before this returns.

        Errors: LedgerFailed; ValueError when `undo` would not be the same once read back, so that healing by
        another process would find something else than healing by this one.
        """
        row = Row(
            self._drill,
            fault,
            type,
            target,
            dict(params),
            dict(undo),
            "intended",
            self._now(),
            probe,
        )
        self._append(row)

    def mark(self, fault: str, state: State) -> None:
        """A fault's next state. ValueError for no state; LedgerFailed, also where the fault's row is not there any more.

        Healing goes on without a mark that failed: the row then stays open, and healing again does no harm.
        """
        if state not in STATES:
            raise ValueError(f"a fault has no state {state!r}; there are {', '.join(STATES)}")
        row = self.latest().get(fault)
        if row is None:
            raise LedgerFailed(
                f"the ledger {self._path} has no row of the fault {fault}, which is {state}",
                hint="somebody removed or replaced it; give it back, and run: blackstart recover",
            )
        self._append(replace(row, state=state, wall=self._now()))

    def latest(self) -> dict[str, Row]:
        """The last row of each fault, in the order in which the faults were intended."""
        rows: dict[str, Row] = {}
        for line in self._lines():
            try:
                row = Row.from_line(line)
            except ValueError:
                continue  # `damaged` has it; the others must be healed all the same
            rows[row.fault] = row
        return rows

    def states(self, fault: str) -> list[str]:
        """Every state that a fault has been in, oldest first."""
        found: list[str] = []
        for line in self._lines():
            with suppress(ValueError):
                row = Row.from_line(line)
                found += [row.state] if row.fault == fault else []
        return found

    def by_people(self, fault: str) -> bool:
        """Whether people mended it since it was broken last."""
        found = self.states(fault)
        broken = [index for index, state in enumerate(found) if state in ("injected", "reinjected")]
        return "recovered" in found[max(broken, default=0) :]

    def open_rows(self) -> list[Row]:
        """Every fault that is not proven healed: to heal, newest first."""
        return [row for row in reversed(self.latest().values()) if row.state != "proven"]

    def damaged(self) -> list[int]:
        """The numbers of lines that are no rows: a fault may stand there that nobody can read."""
        return [number for number, line in enumerate(self._lines(), 1) if not _readable(line)]

    def _now(self) -> str:
        return iso(self._source.now().wall)

    def _lines(self) -> list[bytes]:
        """Every whole line. One that a crash tore off was never promised to anybody. LedgerFailed."""
        try:
            return self._path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LedgerFailed(
                f"the ledger {self._path} cannot be read: {error.strerror}",
                hint="mend that, and run: blackstart recover",
            ) from None

    def _append(self, row: Row) -> None:
        line = json.dumps(row.to_json(), separators=(",", ":"), allow_nan=False)
        if json.loads(line) != row.to_json():
            raise ValueError(f"the undo of {row.fault} does not read back as it is: {dict(row.undo)!r}")
        try:
            _cut_torn_line(self._path)
            with self._path.open("ab") as file:
                file.write(line.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(self._path.parent)
        except OSError as error:
            raise LedgerFailed(
                f"the ledger {self._path} cannot be written: {error.strerror} "
                f"(the fault {row.fault}, {row.type} on {row.target}, is {row.state})",
                hint="see that the disk has room; blackstart recover heals what is open in the ledger",
            ) from None


def _readable(line: bytes) -> bool:
    try:
        Row.from_line(line)
    except ValueError:
        return False
    return True


def _cut_torn_line(path: Path) -> None:
    """Take away what a crash tore off, so that the next row begins a line of its own."""
    if not path.exists():
        return
    text = path.read_bytes()
    whole = text.rfind(b"\n") + 1
    if whole != len(text):
        os.truncate(path, whole)


def _sync_folder(folder: Path) -> None:
    """The file's name must survive a power cut as well as its contents."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
