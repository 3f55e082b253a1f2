"""Undoes what is open in a drill's ledger, newest first, and proves it: from the ledger alone, in any process.

The watchdog starts it as a program (`python -m blackstart.faults.healer FOLDER LABEL`) when the harness has died, and
ends it when its time is over; `blackstart recover` calls `heal`. The drill's own servers must still run: what they
do not tell any more, nobody can prove here.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from blackstart.clock import Instant, SystemTime, TimeSource
from blackstart.errors import BlackstartError
from blackstart.faults.catalogue import of_row
from blackstart.faults.ledger import Ledger, LedgerFailed, Row

if TYPE_CHECKING:
    from blackstart.faults.base import Fault
    from blackstart.faults.ledger import State
    from blackstart.replica.base import Probe, Replica

__all__ = ["AGAIN_AFTER_S", "PROVEN_WITHIN_S", "Healed", "heal"]

PROVEN_WITHIN_S = 10.0
"""Real seconds for a probe to prove a healing (design, faults: proven by probes within 10 s)."""

LIMIT_S = 30
"""Seconds after which the program ends even if nobody ends it: its watchdog was killed, or an undo hangs."""

LOOK_EVERY_S = 0.05

AGAIN_AFTER_S = 0.3
"""Real seconds after which an undo that shows nothing is done again: it may have met what was still about to break,
such as a server that was asked to end when the harness died, and ended after it was found running.
"""


@dataclass(slots=True)
class Healed:
    """What came of one row. `why` says why it is not proven, empty when it is; `undone` when `heal` last went through.

    `waits`: its undo is to be done, for the first time or again.
    """

    row: Row
    fault: Fault | None = None
    undone: Instant | None = None
    waits: bool = True
    why: str = "it was not tried"

    def __str__(self) -> str:
        row = self.row
        seen = f"not proven: {self.why}" if self.why else f"proven by {row.probe or 'the fault itself'}"
        return f"{'healed' if self.undone else 'did not heal'} the fault {row.fault} ({row.type} on {row.target}): {seen}"


def heal(
    ledger: Ledger,
    replica: Replica,
    *,
    spare: Collection[str] = (),
    limit_s: float | None = None,
    time: TimeSource | None = None,
) -> list[Healed]:
    """Undo every open row and have each fault and its probe say that it is over. Returns them newest first.

    Faults whose ids are in `spare` are somebody else's to heal. `limit_s`: real seconds, by default PROVEN_WITHIN_S.

    On one target the newest is undone first; targets are seen to side by side, so that one that is slow to come back
    keeps no other waiting. What failed is tried again until the limit (real seconds): another fault may have been in
    its way. Never raises for what a fault raises: the others must be healed all the same.
    """
    rows = [Healed(row) for row in ledger.open_rows() if row.fault not in spare]
    if rows:
        _Healing(rows, ledger, replica, time or SystemTime()).until_proven(
            PROVEN_WITHIN_S if limit_s is None else limit_s
        )
    return rows


class _Healing:
    """One healing, from the first undo to the last proof. Undoing is done in threads, one a target; looking is not."""

    def __init__(self, rows: list[Healed], ledger: Ledger, replica: Replica, time: TimeSource) -> None:
        self._rows = rows
        self._time = time
        self._ledger = ledger
        self._replica = replica
        self._probes = {probe.name: probe for probe in replica.probes()}
        self._one_writer = Lock()
        self._jobs: dict[str, Future[None]] = {}

    def until_proven(self, limit_s: float) -> None:
        began = self._time.now()
        for each in self._rows:
            self._find(each)
        with ThreadPoolExecutor(len(self._rows)) as pool:
            while self._round(pool) and self._time.now().seconds_since(began) < limit_s:
                self._time.sleep(LOOK_EVERY_S)
        for each in self._rows:
            if each.why:
                self._mark(each, "unproven")

    def _find(self, each: Healed) -> None:
        try:
            each.fault = of_row(each.row)
        except BlackstartError as error:
            each.why = error.message
        except Exception as error:  # whatever another package's fault raises: the others must still be healed
            each.why = f"{each.row.type} cannot be made from its row: {error}"
        else:
            self._mark(each, "healing")

    def _round(self, pool: ThreadPoolExecutor) -> bool:
        """Undo what waits for it, look at what is undone; returns whether something is left to be done."""
        for target in {each.row.target: None for each in self._rows if each.fault and each.waits}:
            if target not in self._jobs or self._jobs[target].done():
                self._jobs[target] = pool.submit(self._undo_all_of, target)
        busy = [job for job in self._jobs.values() if not job.done()]
        wait(busy, LOOK_EVERY_S, FIRST_COMPLETED)
        for each in self._rows:
            if each.fault and each.undone and each.why and not each.waits:
                self._look(each, each.fault, each.undone)
        return any(each.fault and each.why for each in self._rows)

    def _undo_all_of(self, target: str) -> None:
        for each in self._rows:
            if each.fault and each.row.target == target and each.waits:
                self._undo(each, each.fault)

    def _undo(self, each: Healed, fault: Fault) -> None:
        try:
            fault.heal(self._replica, each.row.target, each.row.undo)
        except Exception as error:  # whatever a fault's undo raises, the others must still be healed
            each.why = f"undoing it failed: {error}"
            return
        if not each.undone:
            self._mark(each, "healed")
        each.undone, each.waits = self._time.now(), False

    def _look(self, each: Healed, fault: Fault, undone: Instant) -> None:
        there = self._there(each.row, fault)
        each.why = there or self._red(each.row, fault)
        if not each.why:
            self._mark(each, "proven")
        each.waits = bool(there) and self._time.now().seconds_since(undone) >= AGAIN_AFTER_S

    def _there(self, row: Row, fault: Fault) -> str:
        """What the fault itself says against its being gone; an empty text when it says that it is."""
        try:
            gone = fault.gone(self._replica, row.target, row.undo)
        except Exception as error:  # whatever a fault's look raises: not known to be gone
            return f"{row.type} on {row.target} cannot be looked at: {error}"
        return "" if gone else f"{row.type} is still on {row.target}"

    def _red(self, row: Row, fault: Fault) -> str:
        """What the row's probe, or one of its parts', says against it; an empty text when all are green or it has none."""
        try:
            names, brought = self._shown_by(row, fault)
        except Exception as error:  # as above
            return f"the probe {row.probe} cannot be made: {error}"
        return next((why for name in names if (why := self._not_green(name, brought))), "")

    def _shown_by(self, row: Row, fault: Fault) -> tuple[Sequence[str], dict[str, Probe]]:
        """The names of its probes, and the probes among them that it brings."""
        members = fault.members(row.target)
        brought = [probe for part, its in members if (probe := part.probe(self._replica, its)) is not None]
        names = (
            fault.probe_names(row.target, self._own) if fault.composed() else (row.probe,) * bool(row.probe)
        )
        return names, {probe.name: probe for probe in brought}

    def _own(self, target: str) -> str:
        return next((probe.name for probe in self._probes.values() if probe.subject == target), target)

    def _not_green(self, name: str, brought: Mapping[str, Probe]) -> str:
        probe = self._probes.get(name) or brought.get(name)
        if probe is None:
            return f"there is no probe {name} any more"
        reading = probe.read()
        return "" if reading.state == "green" else f"the probe {name} is {reading.state}: {reading.reason}"

    def _mark(self, each: Healed, state: State) -> None:
        """Healing goes on without a mark that failed: the row then stays open, and healing again does no harm."""
        with self._one_writer, suppress(LedgerFailed):
            self._ledger.mark(each.row.fault, state)


def main(folder: str, label: str) -> None:
    """Heal the drill of that folder, and print what was done, one line a fault."""
    signal.alarm(LIMIT_S)  # its default action ends the process, whatever it hangs in
    ledger = Ledger(Path(folder))
    if not ledger.open_rows():
        return
    from blackstart.replica.attached import attach  # heavy: only when there is something to heal

    try:
        replica = attach(Path(folder) / "replica", label)
    except (BlackstartError, OSError) as error:
        print(f"its servers cannot be reached: {error}")
        return
    for each in heal(ledger, replica):
        print(each)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
