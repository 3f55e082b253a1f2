"""From what was asked (a scenario or a plan, and options) to the drills to run."""

from __future__ import annotations

from pathlib import Path

from blackstart.check import load_crew, load_plan, load_scenario
from blackstart.drill.drill import Options
from blackstart.errors import UsageError
from blackstart.plan import Plan, PlannedDrill

__all__ = ["drills_of"]

DEFAULT_CREW = "by-the-book"
REPLICAS = ("local",)


def drills_of(
    what: Path,
    root: Path | None,
    *,
    crew: str,
    seed: int | None,
    pace: float | None,
    replica: str,
    reports: Path,
) -> list[Options]:
    """Every drill to run, whole, before the first begins. Options given win over the plan.

    Errors: InputError with every problem of the files; UsageError for options that cannot be.
    """
    if replica and replica not in REPLICAS:
        raise UsageError(f"no replica is called {replica!r}", hint=f"there are: {', '.join(REPLICAS)}")
    if pace is not None and not 0 < pace < float("inf"):
        raise UsageError(f"--pace is {pace:g}", hint="a pace is above 0: 1 is real time, 6 six times as fast")
    plan = load_plan(what, root)
    return [_options(planned, plan, what, root, crew, seed, pace, reports) for planned in plan.drills]


def _options(
    planned: PlannedDrill,
    plan: Plan,
    what: Path,
    root: Path | None,
    crew: str,
    seed: int | None,
    pace: float | None,
    reports: Path,
) -> Options:
    raise NotImplementedError
