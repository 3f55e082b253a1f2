"""Markdown that people follow, as sections and steps: reads `scenarios/runbooks/<slug>.md`.

A step is a heading with an id, `### Is it sealed? {#check-seal}`; its commands stand in fenced blocks whose
info string says what they do: `sh read-only` or `sh mutating`. The runbook owns the steps; others cite ids.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Command", "Runbook", "Step"]


@dataclass(frozen=True, slots=True)
class Command:
    """One command line of a step. `line` is where it stands in the file."""

    text: str
    mutating: bool
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its stable id, the section it stands in ("diagnosis"), its commands in order."""

    id: str
    title: str
    section: str
    line: int
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Runbook:
    slug: str
    path: str
    title: str
    steps: tuple[Step, ...]

    def section(self, name: str) -> tuple[Step, ...]:
        """The steps of one section, in order."""
        return tuple(step for step in self.steps if step.section == name)
