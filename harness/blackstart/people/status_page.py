"""The status page: what everybody outside the thread can read, phase by phase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from blackstart.errors import UsageError
from blackstart.events import FreeText, StatusPosted

if TYPE_CHECKING:
    from blackstart.people.base import Emit

__all__ = ["StatusPage"]


class StatusPage:
    """Entries in the protocol's phases. An incident may go back a phase: people find out more."""

    def __init__(self, emit: Emit, phases: Sequence[str]) -> None:
        self._emit = emit
        self._phases = tuple(phases)
        self._entries: list[tuple[str, str]] = []

    def post(self, who: str, phase: str, text: str = "") -> None:
        """Put up an entry. UsageError names the phases when there is none of that name."""
        if phase not in self._phases:
            hint = f"the protocol's phases are {', '.join(self._phases)}"
            raise UsageError(f"the status page has no phase {phase!r}", hint=hint)
        self._entries.append((phase, text))
        self._emit(StatusPosted(phase, FreeText.of(text)), actor=who, source="thread")

    @property
    def phase(self) -> str:
        """The phase of the newest entry; an empty text before the first."""
        return self._entries[-1][0] if self._entries else ""

    def entries(self) -> tuple[tuple[str, str], ...]:
        """Every entry as (phase, text), oldest first."""
        return tuple(self._entries)
