"""Heal what a drill left whose harness died: its servers, its ledger, its record.

On the embedded replica every fault lives in the drill's own servers, so ending them ends the fault; that none
is left is the proof. The record is completed and closed with the truth: the harness died, this healed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Recovered", "recover"]


@dataclass(frozen=True, slots=True)
class Recovered:
    """One drill that was not closed in order: what was done, and what could not be healed."""

    drill: str
    folder: str
    did: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def recover(reports: Path) -> list[Recovered]:
    """Recover every drill in the reports folder that needs it; one that still runs is left alone."""
    found = []
    for folder in sorted(reports.glob("INC-*")):
        with held(folder) as lock:
            if lock is not Held.BY_ANOTHER and (drill := _recover(folder)) is not None:
                found.append(drill)
    return found
