"""Check a record: nothing altered, removed, reordered or cut off, and closed in order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from blackstart.errors import RecordError
from blackstart.events import FreeText, chain_hash
from blackstart.record.reader import lines
from blackstart.record.store import GENESIS

__all__ = ["Verdict", "verify"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `event` is the number of the event concerned, None for the whole record.

    unclosed: no last event; the drill runs, or its harness died. torn: a last line without its end.
    altered: what is there is not what was written.
    """

    state: Literal["ok", "unclosed", "torn", "altered"]
    event: int | None
    why: str


class _Altered(Exception):
    def __init__(self, event: int | None, why: str) -> None:
        super().__init__(why)
        self.event = event
        self.why = why


def verify(path: Path) -> Verdict:
    """Check a drill's folder, its record.sqlite, or a JSON Lines file. Errors: RecordError when nothing is there."""
    try:
        events = list(_chained(_parsed(lines(path))))
        if _torn(path):
            return Verdict("torn", len(events) + 1, "the last line has no end: it was cut off")
        return _closed(events)
    except _Altered as found:
        return Verdict("altered", found.event, found.why)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return Verdict("altered", None, f"the record cannot be read: {error}")
    except RecordError as error:
        if "not a readable record" in error.message:
            return Verdict("altered", None, error.message)
        raise


def _torn(path: Path) -> bool:
    """Whether a file of lines ends in the middle of one."""
    if path.is_dir() or path.suffix == ".sqlite":
        return False
    content = path.read_bytes()
    return bool(content) and not content.endswith(b"\n")


def _parsed(texts: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    for number, text in enumerate(texts, 1):
        try:
            line = json.loads(text)
        except ValueError:
            raise _Altered(number, f"event {number} is not JSON") from None
        if not isinstance(line, dict) or json.dumps(line, separators=(",", ":")) != text:
            raise _Altered(number, f"event {number} is not written as blackstart writes it")
        yield line


def _chained(events: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    head = GENESIS
    for number, event in enumerate(events, 1):
        if event.get("seq") != number:
            raise _Altered(number, f"event {number} is missing; event {event.get('seq')} stands in its place")
        if event.get("prev") != head:
            raise _Altered(number, f"event {number} does not follow the one before it")
        if event.get("hash") != chain_hash(event):
            raise _Altered(number, f"event {number} is not what was written: its hash differs")
        if not _honest(event.get("data")):
            raise _Altered(number, f"the words of event {number} are not what was written")
        head = event["hash"]
        yield event


def _honest(data: Any) -> bool:
    """Whether all free text below belongs to its hash."""
    if isinstance(data, Mapping):
        if data.keys() == {"text", "salt", "sha256"}:
            return FreeText(data["text"], data["salt"], data["sha256"]).honest()
        return all(_honest(value) for value in data.values())
    if isinstance(data, list):
        return all(_honest(value) for value in data)
    return True


def _closed(events: list[Mapping[str, Any]]) -> Verdict:
    if not events:
        return Verdict("unclosed", None, "the record is empty")
    last = events[-1]
    if last["kind"] != "drill.closed":
        return Verdict(
            "unclosed",
            last["seq"],
            f"{len(events)} events, and the drill was never closed: it runs, or its harness died",
        )
    if last["data"] != {"count": len(events) - 1, "head": last["prev"]}:
        return Verdict("altered", last["seq"], "the last event does not count the ones before it")
    return Verdict("ok", None, f"{len(events)} events, each as it was written, and closed")
