"""Folders made once and kept: tool environments and seeded data, each named after the content it was made from.

A folder that stands under its final name is whole: it is made beside it and renamed. Parallel makers wait for
one another at a file lock; what an interrupted maker left is swept away by the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from blackstart.errors import MissingTool

__all__ = ["cache_dir", "content_key", "made_once", "write_private"]


def cache_dir() -> Path:
    """Where folders are kept: `BLACKSTART_CACHE`, else `XDG_CACHE_HOME/blackstart`, else `~/.cache/blackstart`."""
    if own := os.environ.get("BLACKSTART_CACHE"):
        return Path(own).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache").absolute() / "blackstart"


def content_key(*parts: str) -> str:
    """A short name for a content. Different parts give different names, also when their joined texts agree."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()[:16]


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder, made by `make` (given the place to fill) unless it is there already.

    `make` may raise: then nothing is left. MissingTool when the cache cannot be written.
    """
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_name(folder.name + ".lock")):
            if not folder.is_dir():
                _make(folder, make)
    except OSError as error:
        raise MissingTool(
            f"the cache cannot be written: {error}",
            hint="set BLACKSTART_CACHE to a folder that you may write to",
        ) from error
    return folder


def _make(folder: Path, make: Callable[[Path], None]) -> None:
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        make(partial)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock file; the kernel lets go of it however its holder ends."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on. Its folder is made if need be."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as private:
        private.write(text)
