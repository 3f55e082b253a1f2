"""Audit-log evidence: what participants did, by the component's own word. Reads OpenBao's JSON lines as they come."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from blackstart.events import AuditSeen

__all__ = ["AuditTail"]

TOKEN_NAME = "token-"
"""OpenBao calls a token `token-<display name>`; each participant's token has the participant's id as that name."""

SEALING = frozenset({"sys/seal", "sys/unseal"})
"""Whoever does one of these is of interest, participant or not."""


class AuditTail:
    """Follows one audit log. Probes' and workloads' own requests are left out.

    A request is taken from its response line, which has the outcome. Sealing is taken from the request line:
    the server that has sealed itself writes no response.
    """

    def __init__(self, component: str, path: Path, participants: Collection[str]) -> None:
        self._component = component
        self._path = path
        self._names = {TOKEN_NAME + participant: participant for participant in participants}
        self._file: tuple[int, int] | None = None
        self._offset = 0

    def read(self) -> Iterator[AuditSeen]:
        """What was added since the last time. A log that is not there yet, or torn at its end, is waited for."""
        for line in self._new_lines():
            seen = self._seen(line)
            if seen is not None:
                yield seen

    def _new_lines(self) -> list[bytes]:
        """Complete lines since the last time; a file put in the old one's place, or cut, is read from its start."""
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    return []  # a device in its place: what can be read there is no log, and never ends
                identity = (status.st_dev, status.st_ino)
                if identity != self._file or status.st_size < self._offset:
                    self._file, self._offset = identity, 0
                file.seek(self._offset)
                whole, newline, _ = file.read().rpartition(b"\n")
        except OSError:
            return []
        self._offset += len(whole) + len(newline)
        return whole.split(b"\n")

    def _seen(self, line: bytes) -> AuditSeen | None:
        try:
            entry = json.loads(line)
        except ValueError:
            return None
        request = _mapping(entry, "request")
        path, name = str(request.get("path", "")), str(_mapping(entry, "auth").get("display_name", ""))
        if _type_of(entry) != ("request" if path in SEALING else "response"):
            return None
        if name not in self._names and path not in SEALING:
            return None
        return AuditSeen(
            component=self._component,
            operation=str(request.get("operation", "")),
            path=path,
            who=self._names.get(name, name),
            error=str(entry.get("error", "") or ""),
            logged_wall=str(entry.get("time", "")),
            remote=str(request.get("remote_address", "")),
        )


def _type_of(entry: Any) -> str:
    """`request` or `response`; an empty text for what is no entry."""
    return str(entry.get("type", "")) if isinstance(entry, Mapping) else ""


def _mapping(entry: Any, key: str) -> Mapping[str, Any]:
    value = entry.get(key) if isinstance(entry, Mapping) else None
    return value if isinstance(value, Mapping) else {}
