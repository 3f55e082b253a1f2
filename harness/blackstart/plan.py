"""A file of `drills/`: these scenarios, these people, this pace, this gate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from blackstart.source import Flaw, Model

__all__ = ["Plan", "PlannedDrill"]


class PlannedDrill(Model):
    """One drill of the plan. `scenario` is a path below `scenarios/`, with or without `.yaml`."""

    scenario: str
    crew: str = "by-the-book"
    seed: int = 1


class Plan(Model):
    kind: Literal["plan"]
    title: str
    about: str = ""
    replica: Literal["local"] = "local"
    clock: Literal["jump", "real", "paced"] = "jump"
    pace: float = Field(default=1.0, gt=0)
    drills: list[PlannedDrill]

    def flaws(self) -> Iterator[Flaw]:
        """A pace that no clock keeps, a plan of nothing."""
        if self.pace != 1.0 and self.clock != "paced":
            yield Flaw(("pace",), "pace needs clock: paced", f"saw clock: {self.clock}", "write clock: paced")
        if not self.drills:
            yield Flaw(("drills",), "the plan has no drill", "", "add - scenario: ...")
