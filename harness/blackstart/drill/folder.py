"""What a drill keeps in its folder while it runs, what it leaves, and what it takes away again."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["REPLICA", "holder", "keep_logs", "label_of", "mine", "new_label", "remove_replica"]

REPLICA = "replica"
"""The sub-folder with the servers' data while they run."""

_LABEL = ".label"
_LOCK = ".lock"


@contextmanager
def mine(folder: Path) -> Iterator[bool]:
    """Hold a drill's folder for the length of the block; False when a living harness holds it.

    The kernel lets go of the lock however its holder dies, so no stale lock can remain.
    """
    with (folder / _LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield True


def holder(folder: Path) -> int | None:
    """The harness that works in a drill's folder; None when there is none (any more)."""
    try:
        with (folder / _LOCK).open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                words = lock.read().split()
                return (
                    None if words[1:] else int(words[0])
                )  # a watchdog that clears up says so behind its number
    except (FileNotFoundError, ValueError, IndexError):
        pass
    return None


def new_label(folder: Path) -> str:
    """A label that no other drill has, written down for whoever must clean up after a crash."""
    label = f"{folder.name}-{secrets.token_hex(6)}"
    (folder / _LABEL).write_text(label + "\n", "utf-8")
    return label


def label_of(folder: Path) -> str:
    """The label of a drill's servers; empty when the drill died before it had one."""
    try:
        return (folder / _LABEL).read_text("utf-8").strip()
    except FileNotFoundError:
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
