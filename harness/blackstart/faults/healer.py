"""Undoes what is open in a drill's ledger, newest first, and proves it: from the ledger alone, in any process.

The watchdog starts it as a program (`python -m blackstart.faults.healer FOLDER LABEL`) when the harness has died, and
ends it when its time is over; `blackstart recover` calls `heal`. The drill's own servers must still run: what they
do not tell any more, nobody can prove here.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.clock import SystemTime, TimeSource
from blackstart.errors import BlackstartError
from blackstart.faults.catalogue import of_row
from blackstart.faults.ledger import Ledger, LedgerFailed, Row

if TYPE_CHECKING:
    from blackstart.faults.base import Fault
    from blackstart.faults.ledger import State
    from blackstart.replica.base import Probe, Replica

__all__ = ["PROVEN_WITHIN_S", "Healed", "heal"]

PROVEN_WITHIN_S = 10.0
"""Real seconds for a probe to prove a healing (design, faults: proven by probes within 10 s)."""

LIMIT_S = 30
"""Seconds after which the program ends even if nobody ends it: its watchdog was killed, or an undo hangs."""

LOOK_EVERY_S = 0.02

TRIES = 2
"""An undo that failed is tried again when the others are done: one of them may have kept it from its component."""


@dataclass(slots=True)
class Healed:
    """What came of one row. `why` says why it is not proven, empty when it is; `undone` whether `heal` went through."""

    row: Row
    fault: Fault | None = None
    undone: bool = False
    why: str = "it was not tried"

    def __str__(self) -> str:
        row = self.row
        seen = f"not proven: {self.why}" if self.why else f"proven by {row.probe or 'the fault itself'}"
        return f"{'healed' if self.undone else 'did not heal'} the fault {row.fault} ({row.type} on {row.target}): {seen}"


def heal(
    ledger: Ledger, replica: Replica, *, limit_s: float = PROVEN_WITHIN_S, time: TimeSource | None = None
) -> list[Healed]:
    """Undo every open row, newest first; then have each fault and its probe say that it is over.

    The ledger is told of each step. Never raises for what a fault raises: the others must be healed all the same.
    """
    rows = [Healed(row) for row in ledger.open_rows()]
    for each in rows:
        _find(each)
    for _ in range(TRIES):
        for each in rows:
            if each.fault is not None and not each.undone:
                _undo(each, each.fault, replica, ledger)
    _prove_all([each for each in rows if each.undone], replica, ledger, limit_s, time or SystemTime())
    for each in rows:
        if each.why:
            _mark(ledger, each, "unproven")
    return rows


def _find(each: Healed) -> None:
    try:
        each.fault = of_row(each.row)
    except BlackstartError as error:
        each.why = error.message


def _undo(each: Healed, fault: Fault, replica: Replica, ledger: Ledger) -> None:
    _mark(ledger, each, "healing")
    try:
        fault.heal(replica, each.row.target, each.row.undo)
    except Exception as error:  # whatever a fault's undo raises, the others must still be healed
        each.why = f"undoing it failed: {error}"
        return
    each.undone, each.why = True, "no probe said so yet"
    _mark(ledger, each, "healed")


def _mark(ledger: Ledger, each: Healed, state: State) -> None:
    """Healing goes on without a mark that failed: the row then stays open, and healing again does no harm."""
    with suppress(LedgerFailed):
        ledger.mark(each.row.fault, state)


def _prove_all(
    rows: Sequence[Healed], replica: Replica, ledger: Ledger, limit_s: float, time: TimeSource
) -> None:
    """Ask again and again until everything is proven, or the limit."""
    probes = {probe.name: probe for probe in replica.probes()}
    began = time.now()
    waiting = list(rows)
    while waiting:
        for each in waiting:
            each.why = _unproven(each, replica, probes)
            if not each.why:
                _mark(ledger, each, "proven")
        waiting = [each for each in waiting if each.why]
        if time.now().seconds_since(began) >= limit_s:
            return
        if waiting:
            time.sleep(LOOK_EVERY_S)


def _unproven(each: Healed, replica: Replica, probes: dict[str, Probe]) -> str:
    """Why this row is not proven yet; an empty text when it is."""
    row, fault = each.row, each.fault
    assert fault is not None  # only what was undone is asked
    try:
        if not fault.gone(replica, row.target, row.undo):
            return f"{row.type} is still on {row.target}"
        probe = probes.get(row.probe) or fault.probe(replica, row.target)
    except Exception as error:  # whatever a fault's look raises: not known to be gone
        return f"{row.type} on {row.target} cannot be looked at: {error}"
    if not row.probe:
        return ""
    if probe is None or probe.name != row.probe:
        return f"there is no probe {row.probe} any more"
    reading = probe.read()
    return "" if reading.state == "green" else f"the probe {row.probe} is {reading.state}: {reading.reason}"


def main(folder: str, label: str) -> None:
    """Heal the drill of that folder, and print what was done, one line a fault."""
    signal.alarm(LIMIT_S)  # its default action ends the process, whatever it hangs in
    ledger = Ledger(Path(folder))
    if not ledger.open_rows():
        return
    from blackstart.replica.local import LocalReplica  # heavy: only when there is something to heal

    try:
        replica = LocalReplica.attach(Path(folder) / "replica", label)
    except (BlackstartError, OSError) as error:
        print(f"its servers cannot be reached: {error}")
        return
    for each in heal(ledger, replica):
        print(each)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
