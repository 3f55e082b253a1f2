"""What any process must know of a container that docker does not tell: whether its end was asked for, and the
networks that it was taken off. In `<folder>/run/<component>.json`; the sweep reads it too (`sweep.py`).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = ["Kept"]


class Kept:
    """A few facts of one container, in a file. A full disk loses what is new, and never raises."""

    def __init__(self, path: Path, service: str) -> None:
        self.path = path
        self.service = service
        self._unsaved: dict[str, Any] | None = None

    def read(self) -> Mapping[str, Any]:
        if self._unsaved is not None:
            return self._unsaved
        try:
            found = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def set(self, **facts: Any) -> None:
        """Write these beside what is there."""
        self._write({**self.read(), "service": self.service, **facts})

    def _write(self, facts: dict[str, Any]) -> None:
        beside = self.path.with_suffix(".new")
        self._unsaved = facts
        with suppress(OSError):
            beside.write_text(json.dumps(facts), "utf-8")
            os.replace(beside, self.path)
            self._unsaved = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One at a time, over all processes; where no lock can be had (a full disk) it goes on without."""
        with ExitStack() as stack:
            with suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context(self.path.with_suffix(".lock").open("ab"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
