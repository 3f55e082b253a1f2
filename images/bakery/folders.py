"""Where the bake works and keeps what it made: `images/` in blackstart's cache, never in the repository."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from bakery.errors import BakeError

__all__ = ["IMAGES", "ROOT", "content_key", "hold_lock", "need_room", "work_folder"]

IMAGES = Path(__file__).resolve().parent.parent
ROOT = IMAGES.parent

GIGABYTE = 1 << 30


def work_folder() -> Path:
    """The same places as blackstart's own cache (replica/cached.py), which the bake cannot import: it runs alone."""
    if own := os.environ.get("BLACKSTART_CACHE"):
        return Path(own).expanduser().absolute() / "images"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache").absolute() / "blackstart" / "images"


def content_key(*parts: str | bytes) -> str:
    """A short name for a content. Different parts give different names, also when their joined texts agree."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(data)}:".encode() + data)
    return digest.hexdigest()[:16]


@contextmanager
def hold_lock(folder: Path, waits: Callable[[], None]) -> Iterator[TextIO]:
    """One bake at a time; the second calls `waits` and waits. The kernel lets go of the lock however its holder ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "bake.lock").open("a")
    except OSError as error:
        raise BakeError(
            f"the cache cannot be written: {error}", "set BLACKSTART_CACHE to a folder that you may write to"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def need_room(folder: Path, gigabytes: float) -> None:
    """Refuse before anything is made, rather than fail in the middle."""
    free = shutil.disk_usage(folder).free / GIGABYTE
    if free < gigabytes:
        raise BakeError(
            f"{folder} has {free:.1f} GB free, and baking these images takes about {gigabytes:.1f} GB",
            "free some room, or set BLACKSTART_CACHE to a folder on another disk",
        )
