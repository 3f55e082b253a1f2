"""What a drill would do, without doing it: what is broken when, who suffers, how each is undone.

Reads the files and the catalogue, and the machine's clock for the plan's hours; of a compose file of your own, docker
is asked what it makes of it. Starts and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from blackstart.drill.arming import Armed, arm
from blackstart.drill.possible import demand_possible
from blackstart.source import format_duration

if TYPE_CHECKING:
    from blackstart.drill.drill import Options
    from blackstart.faults.base import Fault
    from blackstart.platform import Platform
    from blackstart.replica.foreign.ahead import Ahead
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
    service: str = ""
    """The service of the user's own compose file that is broken."""


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
    compose: Ahead | None = None
    """What the drill would do to the user's own compose file."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def preview(options: Options) -> Preview:
    """What `run` would do with these options. UsageError, MissingTool or ReplicaError where `run` would refuse."""
    bundle = options.bundle
    scenario = bundle.scenario
    armed = arm(scenario.faults, bundle.platform, options.seed, options.replica)
    ahead = _ahead(options, armed)
    return Preview(
        scenario=bundle.files[0].path,
        crew=options.crew_name,
        seed=options.seed,
        replica=options.replica,
        clock=options.mode,
        steady_s=scenario.steady,
        respond_s=scenario.limits.respond,
        observe_s=scenario.limits.observe,
        faults=[_planned(each, bundle.platform, ahead) for each in armed],
        aborts=list(_aborts(scenario)),
        compose=ahead,
    )


def _ahead(options: Options, armed: list[Armed]) -> Ahead | None:
    if options.compose is None:
        return None
    from blackstart.replica.containers.engine import Allowed
    from blackstart.replica.foreign.ahead import look_ahead

    allowed = Allowed(frozenset(options.allowed.contexts), frozenset(options.allowed.strangers))
    ahead = look_ahead(options.compose, options.bundle.platform, allowed)
    demand_possible(armed, ahead)
    return ahead


def _planned(armed: Armed, platform: Platform, ahead: Ahead | None) -> Planned:
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
        pieces=[_piece(fault, target, probe, platform, ahead) for (fault, target), probe in members],
        skipped=armed.skipped,
    )


def _piece(fault: Fault, target: str, probe: str, platform: Platform, ahead: Ahead | None) -> Piece:
    about = fault.about()
    stood = ahead.components.get(target) if ahead else None
    return Piece(
        fault=about.name,
        target=target,
        params=fault.parameters(),
        turns_red=probe,
        does=about.summary,
        suffers=platform.suffers(target),
        undone=about.undone,
        fix=about.fix,
        service=stood.service if stood else "",
    )


def _goes_on(spec: FaultSpec) -> str:
    if spec.repeat:
        every, lasting = format_duration(spec.repeat.every), format_duration(spec.repeat.lasting)
        return f"{spec.repeat.times} times, every {every}, for {lasting} each"
    return f"grows in {spec.ramp.steps} steps over {format_duration(spec.ramp.over)}" if spec.ramp else ""


def _aborts(scenario: Scenario) -> Iterator[str]:
    for guard in scenario.abort_when:
        yield f"{guard.probe} red for {format_duration(guard.red_for)}"
