"""What a drill keeps in its folder while it runs, what it leaves, and what it takes away again."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from blackstart.errors import BlackstartError
from blackstart.events import ReplicaUp
from blackstart.record.jsonl import sync_folder
from blackstart.record.reader import read
from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.service import SITE
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.clock import TimeSource

__all__ = [
    "ASKED",
    "LABEL",
    "REPLICA",
    "holder",
    "keep_logs",
    "label_of",
    "mine",
    "new_label",
    "remove_replica",
]

REPLICA = "replica"
"""The sub-folder with the servers' data while they run."""

ASKED = ".abort"
"""A file in the drill's folder: `blackstart abort` asks for the end, so that the record can say that it was this command."""

LABEL = ".label"
_LOCK = ".lock"

LOOKED_S = 30.0
"""Real seconds for whoever only looks at a lock to let go of it. It takes an instant; more, where it stands still."""


@contextmanager
def mine(folder: Path, *, time: TimeSource | None = None) -> Iterator[bool]:
    """Hold a drill's folder for the length of the block; False when a living harness holds it.

    The kernel lets go of the lock however its holder dies, so no stale lock can remain. What the holder before was
    asked to do is not asked of this one.
    """
    with (folder / _LOCK).open("a") as lock:
        if not _held(lock, time):
            yield False
            return
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        with suppress(OSError):
            (folder / ASKED).unlink(missing_ok=True)
        yield True


def _held(lock: IO[str], time: TimeSource | None) -> bool:
    """Whether we hold the lock now. Who only looks (`holder`) has it for an instant too, and is waited for."""
    held = False

    def settled() -> bool:
        nonlocal held
        held = _takes(lock, fcntl.LOCK_EX)
        return held or not _only_looked_at(lock)

    wait_until(settled, LOOKED_S, source=time)
    return held


def _only_looked_at(lock: IO[str]) -> bool:
    """Whether nobody has it for himself."""
    seen = _takes(lock, fcntl.LOCK_SH)
    if seen:
        fcntl.flock(lock, fcntl.LOCK_UN)  # else two that wait for a look would wait for each other
    return seen


def _takes(lock: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(folder: Path) -> int | None:
    """The harness that works in a drill's folder; None when there is none (any more)."""
    try:
        with (folder / _LOCK).open("r") as lock:
            if not _takes(lock, fcntl.LOCK_SH):
                words = lock.read().split()
                # a watchdog that clears up says so behind its number
                return None if words[1:] else int(words[0])
    except (FileNotFoundError, ValueError, IndexError):
        pass
    return None


def new_label(folder: Path) -> str:
    """A label that no other drill has, durable for whoever must clean up after a crash or a power cut."""
    label = f"{folder.name}-{secrets.token_hex(6)}"
    replaced(folder / LABEL, f"{label}\n".encode())
    sync_folder(folder)
    return label


def label_of(folder: Path) -> str:
    """The label of a drill's servers, also when its file was lost; empty when the drill died before it had one."""
    with suppress(OSError, ValueError):
        if label := (folder / LABEL).read_text("utf-8").strip():
            return label
    return _label_on_record(folder) or _label_of_site(folder)


def _label_on_record(folder: Path) -> str:
    try:
        return next((event.body.label for event in read(folder) if isinstance(event.body, ReplicaUp)), "")
    except BlackstartError:
        return ""


def _label_of_site(folder: Path) -> str:
    """What the replica has written of itself; the record has it only once the replica is up."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        return str(json.loads((folder / REPLICA / SITE).read_bytes())["label"])
    return ""


def keep_logs(folder: Path) -> None:
    """Copy each server's log to `logs/<component>.log`."""
    target = folder / "logs"
    target.mkdir(exist_ok=True)
    for log in (folder / REPLICA / "logs").glob("*.log"):
        shutil.copyfile(log, target / log.name)


def remove_replica(folder: Path) -> None:
    """Remove the servers' data, keys and tokens with it."""
    shutil.rmtree(folder / REPLICA, ignore_errors=True)
