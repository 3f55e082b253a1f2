"""Closing the record of a drill whose harness died, with the truth: that it died, and who healed what it had broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from blackstart.clock import Stamp, SystemTime, iso
from blackstart.errors import BlackstartError
from blackstart.events import (
    AbortAsked,
    Body,
    DrillEnded,
    Event,
    FaultHealed,
    FaultProven,
    HarnessError,
    ReplicaDown,
)
from blackstart.faults.ledger import Ledger, Row
from blackstart.record.complete import complete
from blackstart.record.reader import last, read
from blackstart.record.store import Record

__all__ = ["close_record", "closed", "copied"]


def closed(folder: Path) -> bool:
    """Whether the record ends with the closing event; one that cannot be read does not."""
    try:
        event = last(folder)
    except BlackstartError:
        return False
    return event is not None and event.kind == "drill.closed"


def copied(folder: Path) -> bool:
    """Whether record.jsonl ends with the closing event as well: a harness may die between the two files."""
    try:
        return last(folder / "record.jsonl") == last(folder)
    except BlackstartError:
        return False


def close_record(folder: Path, proofs: Mapping[str, str]) -> list[str]:
    """Complete the record and close it, so that it verifies and says how it ended. Returns what was done.

    `proofs`: which probe proved each fault that was healed just now.
    """
    if not (folder / "record.sqlite").exists():
        return []
    did = ["completed record.jsonl from the database"] if complete(folder) else []
    if not closed(folder):
        return [*did, f"closed its record of {_close(folder, proofs)} events"]
    if proofs:
        did.append("its record was closed before: only the ledger says that this is healed")
    return did


def _close(folder: Path, proofs: Mapping[str, str]) -> int:
    """Append what the harness could not say any more, and close; how many events there were."""
    events = read(folder)
    record = Record.reopen(folder)
    for body in _last_words(events, Ledger(folder), proofs):
        record.append(body, stamp=_stamp(events), actor="recover", source="harness")
    record.close(_stamp(events))
    return len(events)


def _last_words(events: list[Event], ledger: Ledger, proofs: Mapping[str, str]) -> Iterator[Body]:
    yield HarnessError("harness", "it died before the drill was over; recover closed the record")
    if not any(event.kind == "drill.ended" for event in events):
        yield _end(events)
    healed = {event.body.fault for event in events if isinstance(event.body, FaultHealed)}
    proven = {event.body.fault for event in events if isinstance(event.body, FaultProven)}
    for row in ledger.latest().values():
        if row.state == "proven" and row.fault not in proven:
            if row.fault not in healed:
                yield FaultHealed(row.fault, _healer(ledger, row, proofs))
            yield FaultProven(row.fault, proofs.get(row.fault, row.probe))
    yield ReplicaDown()


def _end(events: list[Event]) -> DrillEnded:
    """Somebody's wish that it ends is why it did, also when the harness died of something else on the way."""
    if any(isinstance(event.body, AbortAsked) for event in events):
        return DrillEnded("aborted", "the harness died while it was being aborted")
    return DrillEnded("error", "the harness died")


def _healer(ledger: Ledger, row: Row, proofs: Mapping[str, str]) -> Literal["people", "watchdog", "recover"]:
    """Who ended a fault that the record does not know as healed."""
    if ledger.by_people(row.fault):
        return "people"
    return "recover" if row.fault in proofs else "watchdog"


def _stamp(events: list[Event]) -> Stamp:
    """Now by the machine; by the drill, the moment at which its clock stopped."""
    now = SystemTime().now()
    last = events[-1] if events else None
    drill_s = last.drill_s if last else 0.0
    at = last.at if last else iso(now.wall)
    return Stamp(at, iso(now.wall), now.mono_ns, drill_s)
