"""Check a record: nothing altered, removed, reordered or cut off, and closed in order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from blackstart.chain import GENESIS, chain_hash, honest, write_line
from blackstart.errors import RecordError
from blackstart.events import DrillClosed
from blackstart.record import jsonl
from blackstart.record.reader import Unreadable, lines

__all__ = ["Verdict", "verify", "verify_lines"]


_SEAL_SIZE = len(',"hash":""}') + 64
"""Bytes at the end of every line that its hash does not cover."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `event` is the number of the event concerned, None for the whole record.

    unclosed: no last event; the drill runs, or its harness died. torn: a last line without its newline, or a
    record.jsonl that ends before its database does, as a crash between the two leaves it.
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
    """Check a drill's folder, its record.sqlite, or a JSON Lines file.

    A folder's record.sqlite is the truth; once it is closed, the record.jsonl beside it must say the same.
    Errors: RecordError when nothing is there, or it cannot be read for a reason that is not its own.
    """
    try:
        whole = lines(path)
        if path.is_dir():
            return _with_copy(verify_lines(whole), whole, path / jsonl.NAME)
        return verify_lines(whole, torn=path.suffix != ".sqlite" and _torn(path.read_bytes()))
    except Unreadable as error:
        return Verdict("altered", None, error.message)
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None


def verify_lines(whole: Sequence[bytes], *, torn: bool = False) -> Verdict:
    """The same for lines at hand; `torn` says that half a line follows them."""
    try:
        last = _chain(whole)
        if torn:
            return Verdict("torn", len(whole) + 1, f"line {len(whole) + 1} has no end: it was cut off")
        return _end(len(whole), last)
    except _Altered as found:
        return Verdict("altered", found.event, found.why)


def _torn(content: bytes) -> bool:
    return bool(content) and not content.endswith(b"\n")


def _chain(whole: Iterable[bytes]) -> dict[str, Any]:
    """Check every event and its place; returns the last one, empty when there is none."""
    head, event = GENESIS, dict[str, Any]()
    for number, line in enumerate(whole, 1):
        event = _parsed(number, line)
        if event.get("seq") != number:
            raise _Altered(number, f"event {number} is missing: event {event.get('seq')} stands in its place")
        if event.get("prev") != head:
            raise _Altered(number, f"event {number} does not follow the one before it")
        head = event["hash"]
    return event


def _parsed(number: int, line: bytes) -> dict[str, Any]:
    """One event, if it says of itself what it said when it was written."""
    try:
        event = json.loads(line)
        flaw = "" if b'"sha256":' not in line and _sealed(line) else _flaw(event, line)
    except (KeyError, RecursionError, TypeError, ValueError):
        flaw = "not an event as blackstart writes it"
    if flaw:
        raise _Altered(number, f"event {number} is {flaw}")
    return event  # type: ignore[no-any-return]  # it has a hash that fits, so it is an event


def _sealed(line: bytes) -> bool:
    """Whether a line without words ends in the hash of all before it: the quick way, for most of a record."""
    digest = hashlib.sha256(line[:-_SEAL_SIZE] + b"}").hexdigest()
    return line.endswith(b',"hash":"%b"}' % digest.encode())


def _flaw(event: dict[str, Any], line: bytes) -> str:
    """What is wrong with one event, looked at closely; an empty text when nothing is."""
    if write_line(event).encode() != line:
        return "not spelt as blackstart writes it"
    if event["hash"] != chain_hash(event):
        return "not what was written: its hash differs"
    if not honest(event["data"]):
        return "not what was written: its words differ"
    return ""


def _end(count: int, last: dict[str, Any]) -> Verdict:
    if last.get("kind") != DrillClosed.kind:
        seen = f"{count} events, each as it was written" if count else "the record is empty"
        return Verdict(
            "unclosed", count or None, f"{seen}; the drill was never closed: it runs, or its harness died"
        )
    if last.get("data") != {"count": count - 1, "head": last["prev"]}:
        raise _Altered(count, "the last event does not count the ones before it")
    return Verdict("ok", None, f"{count} events, each as it was written, and closed")


def _with_copy(verdict: Verdict, whole: Sequence[bytes], path: Path) -> Verdict:
    """The verdict on a folder: on its database, and then on whether the lines file says the same.

    While the record is not closed, the file may lag, or end in half a line that is just being written.
    """
    content = path.read_bytes() if path.is_file() else b""
    copied = content.split(b"\n")[:-1]
    for number, (line, copy) in enumerate(zip(whole, copied, strict=False), 1):
        if line != copy and verdict.state != "altered":
            return Verdict("altered", number, f"event {number} of {path.name} is not what record.sqlite has")
    if verdict.state != "ok" or content == b"".join(line + b"\n" for line in whole):
        return verdict
    return _not_a_copy(len(whole), len(copied), content, path.name)


def _not_a_copy(count: int, copied: int, content: bytes, name: str) -> Verdict:
    if copied > count:
        return Verdict("altered", count + 1, f"{name} goes on behind the last event of record.sqlite")
    rest = "record.sqlite is whole, and blackstart recover writes the file anew from it"
    if _torn(content):
        return Verdict("torn", copied + 1, f"line {copied + 1} of {name} has no end; {rest}")
    return Verdict("torn", copied + 1, f"{name} lacks the events from {copied + 1} on; {rest}")
