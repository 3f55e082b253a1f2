"""Files that several processes read and write: a change is whole or is not there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["locked", "replaced"]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other writers of a folder waiting; the kernel lets go of the lock however its holder ends."""
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def replaced(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Put a file in another's place, whole and durable: no reader sees half of it. By default only its owner reads it."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(handle, "wb") as new:
        os.fchmod(handle, mode)
        new.write(content)
        new.flush()
        os.fsync(new.fileno())
    os.replace(beside, file)
