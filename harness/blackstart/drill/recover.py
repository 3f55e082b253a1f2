"""Heal what a drill left whose harness died: its servers, its faults, its record.

On the embedded replica every fault lives in the drill's own servers, so ending them ends the fault, and that none
is left is the proof. The record is completed and closed with the truth: the harness died, and this healed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from blackstart import watchdog
from blackstart.clock import Stamp, SystemTime, iso
from blackstart.drill.folder import keep_logs, label_of, mine, remove_replica
from blackstart.errors import BlackstartError
from blackstart.events import Body, DrillEnded, Event, FaultHealed, FaultProven, HarnessError, ReplicaDown
from blackstart.faults.ledger import Ledger, Row
from blackstart.record.complete import complete
from blackstart.record.ids import known
from blackstart.record.reader import last, read
from blackstart.record.store import Record

__all__ = ["Recovered", "recover"]

SERVERS_GONE = "replica-down"
"""What proves the healing of a fault whose servers are gone (`events.FaultProven`)."""


@dataclass(slots=True)
class Recovered:
    """One drill that was not closed in order: what was done, and what could not be healed."""

    drill: str
    did: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def recover(reports: Path) -> list[Recovered]:
    """Recover every drill of the reports folder that needs it; one that still runs is left alone."""
    found = []
    for folder in (reports / drill for drill in known(reports)):
        with mine(folder) as ours:
            if ours and _needs_it(folder):
                found.append(_recover(folder))
    return found


def _needs_it(folder: Path) -> bool:
    if watchdog.processes(label_of(folder)) or Ledger(folder).open_rows():
        return True
    return (folder / "record.sqlite").exists() and not _closed(folder)


def _closed(folder: Path) -> bool:
    try:
        event = last(folder)
    except BlackstartError:
        return False
    return event is not None and event.kind == "drill.closed"


def _recover(folder: Path) -> Recovered:
    drill = Recovered(folder.name)
    _end_servers(folder, drill)
    healed = [] if drill.left else _heal(folder, drill)
    keep_logs(folder)
    remove_replica(folder)
    try:
        _close_record(folder, healed, drill)
    except BlackstartError as error:
        drill.left.append(error.message)
    return drill


def _end_servers(folder: Path, drill: Recovered) -> None:
    label = label_of(folder)
    met = watchdog.kill(label)
    if met:
        drill.did.append(f"ended {len(met)} process{'' if len(met) == 1 else 'es'} of its replica")
    for pid in watchdog.processes(label):
        drill.left.append(f"process {pid} does not end; end it by hand: kill -9 {pid}")


def _heal(folder: Path, drill: Recovered) -> list[Row]:
    """Mark every open fault as healed and proven: the servers that it lived in are gone."""
    ledger = Ledger(folder)
    rows = ledger.open_rows()
    for line in ledger.damaged():
        drill.left.append(
            f"{folder / 'ledger.jsonl'}: line {line} cannot be read; see what it was, then remove it"
        )
    for row in rows:
        ledger.mark(row.fault, "healed")
        ledger.mark(row.fault, "proven")
        drill.did.append(f"healed the fault {row.fault} ({row.type} on {row.target}): its servers are gone")
    return rows


def _close_record(folder: Path, healed: list[Row], drill: Recovered) -> None:
    """Complete the record and close it, so that it verifies and says how it ended."""
    if not (folder / "record.sqlite").exists():
        return
    if complete(folder):
        drill.did.append("completed record.jsonl from the database")
    if _closed(folder):
        return
    events = read(folder)
    record = Record.reopen(folder)
    for body in _last_words(events, healed):
        record.append(body, stamp=_stamp(events), actor="recover", source="harness")
    record.close(_stamp(events))
    drill.did.append(f"closed its record of {len(events)} events")


def _last_words(events: list[Event], healed: list[Row]) -> list[Body]:
    words: list[Body] = [
        HarnessError("harness", "it died before the drill was over; recover closed the record")
    ]
    if not any(event.kind == "drill.ended" for event in events):
        words.append(DrillEnded("error", "the harness died"))
    for row in healed:
        words += [FaultHealed(row.fault, "recover"), FaultProven(row.fault, SERVERS_GONE)]
    return [*words, ReplicaDown()]


def _stamp(events: list[Event]) -> Stamp:
    """Now by the machine; by the drill, the moment at which its clock stopped."""
    now = SystemTime().now()
    last = events[-1] if events else None
    drill_s = last.drill_s if last else 0.0
    at = last.at if last else iso(now.wall)
    return Stamp(at, iso(now.wall), now.mono_ns, drill_s)
