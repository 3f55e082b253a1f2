"""What a drill was asked to do, read back from its own record: no file of today counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from blackstart import runbook as runbooks
from blackstart.check import InputFile, ScenarioBundle
from blackstart.crew import Crew
from blackstart.drill.drill import Options
from blackstart.drill.planning import refuse_outside_hours
from blackstart.events import DrillOpened, Event
from blackstart.plan import Plan
from blackstart.platform import Platform
from blackstart.protocol import Protocol
from blackstart.scenario import Scenario
from blackstart.source import recorded_text

if TYPE_CHECKING:
    from blackstart.clock import TimeSource
    from blackstart.drill.drill import Mode

__all__ = ["in_hours", "options_from"]

LATER = "resume it then, or end it for good: blackstart recover"


def in_hours(options: Options, time: TimeSource | None = None, *, hint: str = LATER) -> None:
    """UsageError when the plan that it is a drill of lets none begin now."""
    if options.plan is not None:
        plan = recorded_text(Plan, options.plan.text, options.plan.path)
        refuse_outside_hours(plan, hint, time)


def options_from(events: list[Event], folder: Path) -> Options:
    """What the drill of these events was asked to do."""
    opened = events[0].body
    assert isinstance(opened, DrillOpened)
    files = {file["kind"]: InputFile(**file) for file in opened.inputs}
    mode: Mode = "jump" if opened.clock == "jump" else "real" if opened.clock == "real" else "paced"
    return Options(
        bundle=_bundle(folder, files),
        crew=recorded_text(Crew, files["crew"].text, files["crew"].path),
        crew_name=opened.crew,
        crew_file=files["crew"],
        plan=files.get("plan"),
        reports=folder.parent,
        seed=opened.seed,
        replica=opened.replica,
        mode=mode,
        pace=opened.pace,
    )


def _bundle(folder: Path, files: dict[str, InputFile]) -> ScenarioBundle:
    scenario, protocol, runbook, platform = (
        files[k] for k in ("scenario", "protocol", "runbook", "platform")
    )
    return ScenarioBundle(
        folder,
        recorded_text(Scenario, scenario.text, scenario.path),
        recorded_text(Protocol, protocol.text, protocol.path),
        runbooks.parse(runbook.text, runbook.path),
        recorded_text(Platform, platform.text, platform.path),
        (scenario, protocol, runbook, platform),
    )
