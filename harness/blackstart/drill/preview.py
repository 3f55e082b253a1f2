"""What a drill would do, without doing it: what is broken when, who suffers, how each is undone.

Reads the files and the catalogue, and the machine's clock for the plan's hours. Starts and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from blackstart.drill.arming import Armed, arm

if TYPE_CHECKING:
    from blackstart.drill.drill import Options
    from blackstart.platform import Platform
    from blackstart.scenario import Scenario

__all__ = ["Planned", "Preview", "preview"]


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault to come. Times are seconds from the start of the response; `ends_s` None: with the drill."""

    id: str
    fault: str
    target: str
    at_s: float
    ends_s: float | None
    turns_red: str
    within_s: float
    does: str
    suffers: list[str]
    undo: str
    skipped: str


@dataclass(frozen=True, slots=True)
class Preview:
    """One drill to come."""

    scenario: str
    crew: str
    seed: int
    replica: str
    clock: str
    steady_s: float
    respond_s: float
    observe_s: float
    faults: list[Planned]
    aborts: list[str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def preview(options: Options) -> Preview:
    """What `run` would do with these options. UsageError where `run` would refuse."""
    bundle = options.bundle
    scenario = bundle.scenario
    armed = arm(scenario.faults, bundle.platform, options.seed)
    return Preview(
        scenario=bundle.files[0].path,
        crew=options.crew_name,
        seed=options.seed,
        replica=options.replica,
        clock=options.mode,
        steady_s=scenario.steady,
        respond_s=scenario.limits.respond,
        observe_s=scenario.limits.observe,
        faults=[_planned(each, bundle.platform) for each in armed],
        aborts=list(_aborts(scenario)),
    )


def _planned(armed: Armed, platform: Platform) -> Planned:
    spec, about = armed.spec, armed.fault.about()
    return Planned(
        id=armed.id,
        fault=armed.type,
        target=armed.target,
        at_s=spec.at,
        ends_s=spec.ends(),
        turns_red=armed.probe,
        within_s=armed.within_s,
        does=about.summary,
        suffers=platform.suffers(armed.target),
        undo=_undo(armed),
        skipped=armed.skipped,
    )


def _undo(armed: Armed) -> str:
    when = "when its time is over" if armed.spec.ends() is not None else "at the end of the drill"
    people = armed.fault.about().fix
    return f"by the harness {when}, or on abort within 2 s; by people: {people}"


def _aborts(scenario: Scenario) -> Iterator[str]:
    for guard in scenario.abort_when:
        yield f"{guard.probe} red for {guard.red_for:g} s"
