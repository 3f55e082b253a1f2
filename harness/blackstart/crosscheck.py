"""Rules over several files: what one cites, another must have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from blackstart.limits import beyond, fighting
from blackstart.plan import Plan
from blackstart.protocol import Protocol
from blackstart.scenario import FaultSpec, Inject, Scenario
from blackstart.source import Flaw, Place, did_you_mean, format_duration

if TYPE_CHECKING:
    from blackstart.plan import FaultLimits
    from blackstart.platform import Platform
    from blackstart.runbook import Runbook
    from blackstart.workspace import Read, Workspace

__all__ = ["FaultTypes", "flaws", "installed_faults"]

FaultTypes = Mapping[str, Any]
"""Fault types by name: entry points, or fault classes themselves."""

FAULT_GROUP = "blackstart.faults"


def installed_faults() -> FaultTypes:
    """Every fault type that an installed package offers; none is imported."""
    return {point.name: point for point in entry_points(group=FAULT_GROUP)}


def flaws(read: Read, workspace: Workspace, faults: FaultTypes) -> Iterator[Flaw]:
    """What is wrong with a file when the files that it cites are looked at."""
    if read.loaded is None:
        return
    model = read.loaded.model
    if isinstance(model, Scenario):
        yield from _scenario(model, workspace, faults)
    elif isinstance(model, Plan):
        yield from _plan(model, workspace)


def _plan(plan: Plan, workspace: Workspace) -> Iterator[Flaw]:
    for index, drill in enumerate(plan.drills):
        yield from workspace.cited("scenario", drill.scenario, ("drills", index, "scenario"))
        yield from workspace.cited("crew", drill.crew, ("drills", index, "crew"))
        yield from _within(plan.limits, drill.scenario, ("drills", index, "scenario"), workspace)
    platform = workspace.platform().loaded
    for index, name in enumerate(plan.limits.never):
        if platform is not None and name not in platform.model.targets():
            hint = did_you_mean(name, platform.model.targets())
            yield Flaw(
                ("limits", "never", index), f'"{name}" is not on the map in scenarios/platform.yaml', "", hint
            )


def _within(limits: FaultLimits, name: str, place: Place, workspace: Workspace) -> Iterator[Flaw]:
    """A scenario that goes beyond the limits of the plan that names it."""
    read = workspace.get("scenario", name)
    if read is not None and read.loaded is not None and isinstance(read.loaded.model, Scenario):
        for what in beyond(limits, read.loaded.model):
            yield Flaw(place, what)


def _scenario(scenario: Scenario, workspace: Workspace, faults: FaultTypes) -> Iterator[Flaw]:
    yield from workspace.cited("protocol", scenario.protocol, ("protocol",))
    yield from workspace.cited("runbook", scenario.runbook, ("runbook",))
    protocol = workspace.get("protocol", scenario.protocol)  # read, so that its own problems are told too
    if protocol and protocol.loaded and isinstance(protocol.loaded.model, Protocol):
        yield from _window(scenario, protocol.loaded.model)
    runbook = workspace.get("runbook", scenario.runbook)
    if runbook and runbook.runbook:
        yield from _steps(scenario, runbook.runbook)
    platform = workspace.platform().loaded
    for index, fault in enumerate(scenario.faults):
        yield from _fault(fault, ("faults", index), faults, platform.model if platform else None)
    if platform is not None:
        made = _made(scenario, faults)
        probes = _named_by_themselves(scenario, made, platform.model)
        yield from _on_the_map(scenario, platform.model, set(probes.values()))
        own = {spec.id: spec.turns_red for spec in scenario.faults if spec.turns_red}
        yield from fighting(scenario.faults, made, probes | own)


def _made(scenario: Scenario, faults: FaultTypes) -> dict[str, Any]:
    """Every fault of the scenario that can be made; what keeps another from it is told elsewhere."""
    made = {}
    for spec in scenario.faults:
        with suppress(Exception):  # a stranger's package, or parameters that are wrong
            made[spec.id] = _loaded(faults[spec.fault]).model_validate(spec.params)
    return made


def _named_by_themselves(scenario: Scenario, made: Mapping[str, Any], platform: Platform) -> dict[str, str]:
    """The probe that each fault itself says turns red, by the fault's id."""
    targets = {spec.id: spec.target for spec in scenario.faults}
    return {id: fault.probe_name(targets[id], platform.own_probe(targets[id])) for id, fault in made.items()}


def _window(scenario: Scenario, protocol: Protocol) -> Iterator[Flaw]:
    """The protocol's clean window must fit where the scenario has none of its own (that it judges itself)."""
    if scenario.clean_window is None and scenario.limits.observe < protocol.clean_window:
        seen = f"saw {format_duration(scenario.limits.observe)}; the protocol's is {format_duration(protocol.clean_window)}"
        yield Flaw(("limits", "observe"), "no clean window fits into the observation", seen)


def _steps(scenario: Scenario, runbook: Runbook) -> Iterator[Flaw]:
    steps = [step.id for step in runbook.steps]
    for index, expected in enumerate(scenario.expects):
        if expected.step not in steps:
            what = f'{runbook.path} has no step "{expected.step}"'
            yield Flaw(("expects", index, "step"), what, "", did_you_mean(expected.step, steps))


def _on_the_map(scenario: Scenario, platform: Platform, brought: set[str]) -> Iterator[Flaw]:
    """`brought` are probes that the scenario's own faults bring beside those of the map."""
    named: list[tuple[Place, str]] = [
        (("faults", i, "turns_red"), fault.turns_red)
        for i, fault in enumerate(scenario.faults)
        if fault.turns_red
    ]
    named += [(("abort_when", i, "probe"), guard.probe) for i, guard in enumerate(scenario.abort_when)]
    named += [(("recovered", "probes", i), probe) for i, probe in enumerate(scenario.recovered.probes)]
    named += [
        (("injects", i, "when", "probe"), inject.when.probe)
        for i, inject in enumerate(scenario.injects)
        if inject.when and inject.when.probe
    ]
    probes = platform.probes() | brought
    for place, probe in named:
        if probe not in probes:
            what = f'no probe is called "{probe}" in scenarios/platform.yaml'
            yield Flaw(place, what, "", did_you_mean(probe, probes))
    for index, name in enumerate(scenario.blocks):
        if name not in platform.capabilities:
            hint = did_you_mean(name, platform.capabilities)
            yield Flaw(("blocks", index), f'no capability is called "{name}"', "", hint)
    for index, inject in enumerate(scenario.injects):
        yield from _channel(inject, ("injects", index, "to"), platform)


def _channel(inject: Inject, place: Place, platform: Platform) -> Iterator[Flaw]:
    channels = [team.channel for team in platform.teams.values()]
    if inject.to.startswith("#") and inject.to not in channels:
        yield Flaw(place, f'no team has the channel "{inject.to}"', "", did_you_mean(inject.to, channels))


def _fault(spec: FaultSpec, place: Place, faults: FaultTypes, platform: Platform | None) -> Iterator[Flaw]:
    if platform and spec.target not in platform.targets():
        what = f'"{spec.target}" is not on the map in scenarios/platform.yaml'
        yield Flaw((*place, "target"), what, "", did_you_mean(spec.target, platform.targets()))
    if spec.fault not in faults:
        yield Flaw(
            (*place, "fault"), f'no fault is called "{spec.fault}"', "", did_you_mean(spec.fault, faults)
        )
        return
    try:
        fault = _loaded(faults[spec.fault])
    except Exception as error:  # a stranger's package: whatever it raises is told, not passed on
        yield Flaw((*place, "fault"), f'the fault "{spec.fault}" cannot be loaded', f"saw {error!r}")
        return
    yield from _params(spec, (*place, "params"), fault)
    if spec.ramp and not fault.grows_by:
        what = f"{spec.fault} cannot be ramped up: it is there or it is not"
        yield Flaw((*place, "ramp"), what, "", "leave ramp out")
    if platform and spec.target in platform.targets():
        yield from _kind(spec, (*place, "target"), fault, platform)


def _loaded(offered: Any) -> Any:
    return cast(Any, offered.load()) if isinstance(offered, EntryPoint) else offered


def _params(spec: FaultSpec, place: Place, fault: Any) -> Iterator[Flaw]:
    try:
        fault.model_validate(spec.params)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            name = ".".join(str(part) for part in one["loc"])
            hint = did_you_mean(name, fault.model_fields) if one["type"] == "extra_forbidden" else ""
            what = f"{spec.fault}, parameter {name}: {one['msg'][:1].lower()}{one['msg'][1:]}"
            yield Flaw((*place, *one["loc"]), what, "", hint)


def _kind(spec: FaultSpec, place: Place, fault: Any, platform: Platform) -> Iterator[Flaw]:
    node = platform.components.get(spec.target)
    kind = (node.kind or spec.target) if node else "workload"
    if "*" not in fault.kinds and kind not in fault.kinds:
        what = f"{spec.fault} cannot break {spec.target}, which is of the kind {kind}"
        yield Flaw(place, what, "", f"it breaks {', '.join(fault.kinds)}")
