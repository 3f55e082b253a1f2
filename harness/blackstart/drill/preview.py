"""What a drill would do, without doing it: what is broken when, who suffers, how each is undone.

Reads the files and the catalogue, and the machine's clock for the plan's hours. Starts and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from blackstart.drill.arming import Armed, arm
from blackstart.source import format_duration

if TYPE_CHECKING:
    from blackstart.drill.drill import Options
    from blackstart.faults.base import Fault
    from blackstart.platform import Platform
    from blackstart.scenario import FaultSpec, Scenario

__all__ = ["Piece", "Planned", "Preview", "preview"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that a fault breaks. Most faults have one, `compose` has its parts."""

    fault: str
    target: str
    params: dict[str, Any]
    turns_red: str
    does: str
    suffers: list[str]
    undone: str
    fix: str


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault to come. Times are seconds from the start of the response; `ends_s` None: with the drill.

    `goes_on` says how it grows or comes again, in words; empty when it stays as it is.
    """

    id: str
    fault: str
    target: str
    at_s: float
    ends_s: float | None
    goes_on: str
    within_s: float
    pieces: list[Piece]
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
    armed = arm(scenario.faults, bundle.platform, options.seed, options.replica)
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
    spec = armed.spec
    members = zip(armed.fault.members(armed.target), armed.probes, strict=True)
    return Planned(
        id=armed.id,
        fault=armed.type,
        target=armed.target,
        at_s=spec.at,
        ends_s=spec.ends(),
        goes_on=_goes_on(spec),
        within_s=armed.within_s,
        pieces=[_piece(fault, target, probe, platform) for (fault, target), probe in members],
        skipped=armed.skipped,
    )


def _piece(fault: Fault, target: str, probe: str, platform: Platform) -> Piece:
    about = fault.about()
    return Piece(
        fault=about.name,
        target=target,
        params=fault.parameters(),
        turns_red=probe,
        does=about.summary,
        suffers=platform.suffers(target),
        undone=about.undone,
        fix=about.fix,
    )


def _goes_on(spec: FaultSpec) -> str:
    if spec.repeat:
        every, lasting = format_duration(spec.repeat.every), format_duration(spec.repeat.lasting)
        return f"{spec.repeat.times} times, every {every}, for {lasting} each"
    return f"grows in {spec.ramp.steps} steps over {format_duration(spec.ramp.over)}" if spec.ramp else ""


def _aborts(scenario: Scenario) -> Iterator[str]:
    for guard in scenario.abort_when:
        yield f"{guard.probe} red for {format_duration(guard.red_for)}"
