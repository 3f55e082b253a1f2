"""Append to a drill's record: durable when `append` returns; many writers, one commit for all that wait.

A thread of its own takes everything that waits, numbers and chains it in order, and puts it on disk in one
transaction. `record.jsonl` follows after each.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from blackstart.chain import GENESIS, MAX_LINE, Body, Event, Source, link, settled
from blackstart.errors import BlackstartError, Exit
from blackstart.events import DrillClosed
from blackstart.record import sqlite
from blackstart.record.complete import complete
from blackstart.record.jsonl import Lines, sync_folder
from blackstart.record.reader import last

if TYPE_CHECKING:
    from blackstart.clock import Stamp
    from blackstart.record.sqlite import Store

__all__ = ["GENESIS", "Record", "WriteFailed"]

MOST = 1000
"""Events in one transaction: with more, whoever waits for the first of them would wait too long."""


class WriteFailed(BlackstartError):
    """The record could not be written (a full disk, a folder that went away). What is on disk stays readable."""

    exit_code: ClassVar[Exit] = Exit.ABORTED


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One event to be. `body` is made when its place in the chain is known: the last event counts the others."""

    body: Callable[[int, str], Body]
    stamp: Stamp
    actor: str
    source: Source
    done: Future[Event] = field(default_factory=Future)


class Record:
    """One drill's record, open for writing; every method may be called from any thread.

    Whoever opened it calls `close`, which ends it for good, or `leave`. Nobody else can write to it meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._gate = threading.Lock()  # nothing may enter the queue behind the sign to stop
        self._ended = ""
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._seq, self._head, self._unsure = 0, GENESIS, False
        try:
            self._lines = Lines(folder)
        except OSError as error:
            raise _unwritable(folder, error) from None
        try:
            self._store: Store = sqlite.Sqlite(folder / sqlite.NAME)
            self._find_place()
        except sqlite3.Error as error:
            self._lines.close()
            raise _unwritable(folder, error) from None
        self._lines.count = self._seq
        self._writer = threading.Thread(target=self._write, name="record", daemon=True)
        self._writer.start()

    @classmethod
    def create(cls, folder: Path) -> Record:
        """A new record in `folder`, which must not have one. Errors: WriteFailed."""
        try:
            os.close(os.open(folder / sqlite.NAME, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
            record = cls(folder)
            sync_folder(folder)
            sync_folder(folder.parent)
        except FileExistsError:
            raise WriteFailed(
                f"there is a record in {folder} already", hint="a drill's folder is used once"
            ) from None
        except OSError as error:
            raise _unwritable(folder, error) from None
        return record

    @classmethod
    def reopen(cls, folder: Path) -> Record:
        """Go on with the record of a drill whose harness died. Errors: WriteFailed when it is closed, or cannot be
        written; RecordError when there is none; UsageError when another process writes it.
        """
        complete(folder)
        before = last(folder)
        if before is not None and before.kind == DrillClosed.kind:
            raise WriteFailed(f"the record in {folder} is closed", hint="nothing can be added to it")
        return cls(folder)

    def append(self, body: Body, *, stamp: Stamp, actor: str, source: Source) -> Event:
        """Put one event on disk; returns when it is there.

        Errors: WriteFailed, and the event is not on record; ValueError for what is not JSON (`chain.settled`).
        """
        return self.append_later(body, stamp=stamp, actor=actor, source=source).result()

    def append_later(self, body: Body, *, stamp: Stamp, actor: str, source: Source) -> Future[Event]:
        """The same without waiting: the future is done when the event is on disk. It cannot be cancelled."""
        if isinstance(body, DrillClosed):
            raise ValueError("only `close` writes the last event: it alone can count the others")
        whole = settled(body)
        return self._submit(_Waiting(lambda seq, head: whole, stamp, actor, source))

    def _submit(self, one: _Waiting, *, final: str = "") -> Future[Event]:
        one.done.set_running_or_notify_cancel()
        with self._gate:
            if self._ended:
                raise WriteFailed(
                    f"the record in {self._folder} is {self._ended}: nothing can be added to it"
                )
            self._waiting.put(one)
            if final:
                self._end(final)
        return one.done

    def _end(self, how: str) -> None:
        self._ended = how
        self._waiting.put(None)

    def close(self, stamp: Stamp) -> None:
        """Write the last event, which counts the others, and let go of the files.

        Errors: WriteFailed. The files are let go of all the same; `reopen` can try again.
        """
        closing = _Waiting(lambda seq, head: DrillClosed(seq, head), stamp, "harness", "harness")
        done = self._submit(closing, final="closed")
        self.leave()
        done.result()

    def leave(self) -> None:
        """Let go of the files without closing the drill; what was appended is finished first. Idempotent.

        Errors: WriteFailed when record.jsonl lacks events that are on record (the disk was full).
        """
        with self._gate:
            if not self._ended:
                self._end("no longer open")
        self._writer.join()
        if self._lines.count != self._seq:
            raise WriteFailed(
                f"{self._folder / 'record.jsonl'} lacks the events from {self._lines.count + 1} on; "
                "the record itself (record.sqlite) has them",
                hint="make room on the disk and run: blackstart recover",
            )

    # --- the writer's thread ----------------------------------------------------------------------

    def _write(self) -> None:
        ended = False
        while not ended:
            batch, ended = self._next_batch()
            try:
                self._commit(batch)
            except Exception as error:  # whatever it was, nobody may wait for ever
                self._fail(batch, error)
        if self._ended == "closed":
            self._store.finish()
        self._store.close()
        self._lines.close()

    def _next_batch(self) -> tuple[list[_Waiting], bool]:
        """Everything that waits; and whether nothing will come behind it, which alone can leave the batch empty."""
        batch: list[_Waiting] = []
        one = self._waiting.get()
        while one is not None:
            batch.append(one)
            if len(batch) == MOST or self._waiting.empty():
                return batch, False
            one = self._waiting.get()
        return batch, True

    def _commit(self, batch: list[_Waiting]) -> None:
        if self._unsure:
            self._find_place()
        linked = self._linked(batch)
        lines = [line for _, _, line in linked]
        self._store.append(self._seq + 1, lines)
        if linked:
            _, event, _ = linked[-1]
            self._seq, self._head = event.seq, event.hash
        self._lines.follow(self._seq, lines, self._store.after)
        for one, event, _ in linked:
            one.done.set_result(event)

    def _linked(self, batch: list[_Waiting]) -> list[tuple[_Waiting, Event, str]]:
        """The batch with its places in the chain; what cannot be written is told so and takes none."""
        seq, head = self._seq, self._head
        linked: list[tuple[_Waiting, Event, str]] = []
        for one in batch:
            try:
                event, line = _event(one, seq, head)
            except (RecursionError, TypeError, ValueError) as error:
                one.done.set_exception(ValueError(str(error)))
                continue
            seq, head = event.seq, event.hash
            linked.append((one, event, line))
        return linked

    def _fail(self, batch: list[_Waiting], error: Exception) -> None:
        """Tell everybody in the batch. The next one first looks at what is on disk: a commit may fail after the fact."""
        self._unsure = True
        for one in batch:
            if not one.done.done():
                one.done.set_exception(_unwritable(self._folder, error))

    def _find_place(self) -> None:
        """Where the chain ends on disk."""
        if line := self._store.last():
            event = Event.from_line(line)
            self._seq, self._head = event.seq, event.hash
        self._unsure = False


def _event(one: _Waiting, seq: int, head: str) -> tuple[Event, str]:
    body = one.body(seq, head)
    event, line = link(body, stamp=one.stamp, actor=one.actor, source=one.source, seq=seq + 1, prev=head)
    if len(line) > MAX_LINE:
        raise ValueError(
            f"an event cannot be written: {event.kind} has {len(line):,} bytes, and at most {MAX_LINE:,} are allowed"
        )
    return event, line


def _unwritable(folder: Path, error: Exception) -> WriteFailed:
    return WriteFailed(
        f"the record in {folder} cannot be written: {error}",
        hint="see that the disk has room and the folder can be written to",
    )
