"""A file of `drills/`: these scenarios, these people, this pace, this gate."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blackstart.source import Model

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
