"""A file that a running server looks at again whenever it needs to know: whoever changes it need not find the server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

__all__ = ["Watched"]

T = TypeVar("T")


class Watched(Generic[T]):
    """What a file says now: read again when it was replaced. What cannot be read leaves the old in force."""

    def __init__(self, file: Path, read: Callable[[Path], T], missing: T, *, tell: bool = True) -> None:
        self._file = file
        self._tell = tell
        self._read = read
        self._missing = missing
        self._value = missing
        self._seen: tuple[int, int, int] | None = None

    def now(self) -> T:
        try:
            status = self._file.stat()
        except FileNotFoundError:
            self._seen, self._value = None, self._missing
            return self._value
        seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        if seen != self._seen:
            self._seen = seen
            self._take()
        return self._value

    def _take(self) -> None:
        try:
            self._value = self._read(self._file)
            if self._tell:
                print(f"{self._file.name} read", file=sys.stderr, flush=True)
        except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
            print(
                f"{self._file.name} cannot be read, the old one stays: {error}", file=sys.stderr, flush=True
            )
