"""From what was asked (a scenario or a plan, and options) to the drills to run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.check import (
    find_root,
    kind_of,
    load_compose,
    load_crew,
    load_plan,
    load_scenario,
    scenario_path,
)
from blackstart.clock import SystemTime, TimeSource
from blackstart.drill.drill import Mode, Options
from blackstart.errors import UsageError
from blackstart.limits import outside

if TYPE_CHECKING:
    from blackstart.plan import Plan

__all__ = ["Asked", "drills_of", "refuse_outside_hours"]

REPLICAS = ("local", "compose")

SLOWEST, FASTEST = 0.01, 1000.0
"""Beyond a pace of 1000 a probe's interval is a quarter of an hour of drill time: nothing could be told from it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line's words. What is given wins over the plan; an empty text or None means not given."""

    what: Path
    reports: Path
    root: Path | None = None
    crew: str = ""
    seed: int | None = None
    pace: float | None = None
    replica: str = ""
    compose: Path | None = None


def drills_of(asked: Asked) -> list[Options]:
    """Every drill to run, whole, before the first begins.

    Errors: InputError with every problem of the files; UsageError for options that cannot be.
    """
    _refuse_nonsense(asked)
    root = find_root(asked.what if asked.what.exists() else None, asked.root)
    if kind_of(asked.what, root) != "plan":
        return [_placed(asked, _options(asked, asked.what, root, "by-the-book", 1, "jump", 1.0))]
    loaded, file = load_plan(asked.what, root)
    plan = loaded.model
    refuse_outside_hours(plan, "run it then, or change limits.hours of the plan")
    drills = [
        _options(asked, scenario_path(one.scenario, root), root, one.crew, one.seed, plan.clock, plan.pace)
        for one in plan.drills
    ]
    own = root / plan.compose if plan.compose else None
    drills = [replace(each, plan=file, replica=plan.replica, allowed=plan.docker) for each in drills]
    return [_placed(asked, each, own) for each in drills]


def _placed(asked: Asked, options: Options, planned: Path | None = None) -> Options:
    """With the replica, and the compose file, that the command line names, else with the plan's."""
    name = "compose" if asked.compose else asked.replica or options.replica
    compose = asked.compose or (planned if name == "compose" else None)
    if compose is None:
        return replace(options, replica=name)
    file = load_compose(compose, options.bundle.root)
    return replace(options, replica=name, compose=compose.resolve(), compose_file=file)


def refuse_outside_hours(plan: Plan, hint: str, time: TimeSource | None = None) -> None:
    """UsageError when the plan's drills may not begin now."""
    hours, now = plan.limits.hours, (time or SystemTime()).now().wall
    if hours and (why := outside(hours, now)):
        raise UsageError(why, hint=hint)


def _refuse_nonsense(asked: Asked) -> None:
    if asked.replica and asked.replica not in REPLICAS:
        raise UsageError(f"no replica is called {asked.replica!r}", hint=f"there are: {', '.join(REPLICAS)}")
    if asked.compose and asked.replica not in ("", "compose"):
        raise UsageError(
            f"--compose names a compose file, and --replica says {asked.replica}", hint="leave --replica out"
        )
    if asked.pace is not None and not SLOWEST <= asked.pace <= FASTEST:
        raise UsageError(
            f"--pace is {asked.pace:g}",
            hint="a pace is above 0, from 0.01 to 1000: 1 is real time, 6 six times as fast",
        )
    if asked.reports.exists() and not asked.reports.is_dir():
        raise UsageError(f"{asked.reports} is not a folder", hint="give a folder to --reports-dir")


def _options(
    asked: Asked, scenario: Path, root: Path, crew: str, seed: int, clock: Mode, pace: float
) -> Options:
    loaded, file = load_crew(asked.crew or crew, root)
    if asked.pace is not None:
        clock, pace = ("real" if asked.pace == 1 else "paced"), asked.pace
    return Options(
        bundle=load_scenario(scenario, root),
        crew=loaded.model,
        crew_name=Path(file.path).stem,
        crew_file=file,
        reports=asked.reports,
        seed=seed if asked.seed is None else asked.seed,
        mode=clock,
        pace=pace,
    )
