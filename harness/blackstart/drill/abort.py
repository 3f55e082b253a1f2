"""Ending a running drill from another terminal: ask its harness, then watch the ledger until all is proven healed."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from blackstart.clock import SystemTime, TimeSource
from blackstart.drill.folder import ASKED, holder
from blackstart.errors import UsageError
from blackstart.faults.ledger import Ledger
from blackstart.record.ids import known

__all__ = ["ASKED", "LIMIT_S", "Aborting", "abort", "running"]

LIMIT_S = 30.0
"""Real seconds that are waited for a drill to be over: healing takes 2, proving at most 10, the rest is closing."""

LOOK_EVERY_S = 0.05


@dataclass(slots=True)
class Aborting:
    """What came of it. `open` are the faults that are not proven healed."""

    drill: str
    over: bool = False
    open: list[str] = field(default_factory=list)


def running(reports: Path) -> list[str]:
    """The drills of a folder that a living harness works in."""
    return [drill for drill in known(reports) if holder(reports / drill) is not None]


def abort(reports: Path, drill: str = "", *, time: TimeSource | None = None) -> Aborting:
    """End one drill in order, and wait until it is. UsageError when none runs, or several and none is named."""
    chosen = _chosen(reports, drill)
    folder = reports / chosen
    _ask(folder)
    source = time or SystemTime()
    began = source.now()
    while holder(folder) is not None and source.now().seconds_since(began) < LIMIT_S:
        source.sleep(LOOK_EVERY_S)
    left = [f"{row.fault} ({row.type} on {row.target})" for row in Ledger(folder).open_rows()]
    return Aborting(chosen, holder(folder) is None, left)


def _chosen(reports: Path, drill: str) -> str:
    there = running(reports)
    if drill and drill not in there:
        hint = _dead(reports, [drill]) or f"running: {', '.join(there) or 'none'}"
        raise UsageError(f"no drill {drill} is running in {reports}", hint=hint)
    if not there:
        hint = _dead(reports, known(reports)) or "give its folder to --reports-dir"
        raise UsageError(f"no drill is running in {reports}", hint=hint)
    if len(there) > 1 and not drill:
        raise UsageError(
            f"{len(there)} drills are running in {reports}", hint=f"name one: --drill {there[0]}"
        )
    return drill or there[0]


def _dead(reports: Path, drills: Sequence[str]) -> str:
    """What to do about those of these drills that left faults open when they died; empty when none did."""
    left = [drill for drill in drills if (reports / drill).is_dir() and Ledger(reports / drill).open_rows()]
    if not left:
        return ""
    return f"{', '.join(left)} died, and what it broke may remain: blackstart recover, or blackstart resume {left[-1]}"


def _ask(folder: Path) -> None:
    """SIGTERM to its harness, by a handle: a number that is used again never hits a stranger."""
    pid = holder(folder)
    if pid is None:
        return
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return  # it has ended meanwhile
    try:
        if holder(folder) == pid:  # read again: now the number cannot change hands
            with suppress(OSError):  # a full disk: the record then says that it was a signal
                (folder / ASKED).write_text(f"{os.getpid()}\n", "ascii")
            signal.pidfd_send_signal(handle, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it has ended meanwhile
    finally:
        os.close(handle)
