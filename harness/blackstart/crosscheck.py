"""Rules over several files: what one cites, another must have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blackstart.faultcheck import brought, fault_flaws, made, probes_of, unknown_probe, unsupported
from blackstart.limits import beyond, fighting
from blackstart.plan import Plan
from blackstart.protocol import Protocol
from blackstart.scenario import Inject, Scenario
from blackstart.source import Flaw, Place, did_you_mean, format_duration

if TYPE_CHECKING:
    from blackstart.faultcheck import FaultTypes
    from blackstart.platform import Platform
    from blackstart.runbook import Runbook
    from blackstart.workspace import Read, Workspace

__all__ = ["flaws"]


def flaws(read: Read, workspace: Workspace, faults: FaultTypes) -> Iterator[Flaw]:
    """What is wrong with a file when the files that it cites are looked at."""
    if read.loaded is None:
        return
    model = read.loaded.model
    if isinstance(model, Scenario):
        yield from _scenario(model, workspace, faults)
    elif isinstance(model, Plan):
        yield from _plan(model, workspace, faults)


def _plan(plan: Plan, workspace: Workspace, faults: FaultTypes) -> Iterator[Flaw]:
    for index, drill in enumerate(plan.drills):
        yield from workspace.cited("scenario", drill.scenario, ("drills", index, "scenario"))
        yield from workspace.cited("crew", drill.crew, ("drills", index, "crew"))
        yield from _within(plan, drill.scenario, ("drills", index, "scenario"), workspace, faults)
    platform = workspace.platform().loaded
    for index, name in enumerate(plan.limits.never):
        if platform is not None and name not in platform.model.targets():
            hint = did_you_mean(name, platform.model.targets())
            yield Flaw(
                ("limits", "never", index), f'"{name}" is not on the map in scenarios/platform.yaml', "", hint
            )


def _within(plan: Plan, name: str, place: Place, workspace: Workspace, faults: FaultTypes) -> Iterator[Flaw]:
    """A scenario that goes beyond the limits of the plan that names it, or beyond what its replica can have broken."""
    read = workspace.get("scenario", name)
    if read is not None and read.loaded is not None and isinstance(read.loaded.model, Scenario):
        scenario = read.loaded.model
        known = made(scenario, faults)
        for what in (*beyond(plan.limits, scenario, known), *unsupported(scenario, known, plan.replica)):
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
        yield from fault_flaws(fault, ("faults", index), faults, platform.model if platform else None)
    if platform is not None:
        known = made(scenario, faults)
        yield from _on_the_map(scenario, platform.model, brought(scenario, known, platform.model))
        yield from fighting(scenario.faults, known, probes_of(scenario, known, platform.model))


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


def _on_the_map(scenario: Scenario, platform: Platform, own: set[str]) -> Iterator[Flaw]:
    """`own` are probes that the scenario's faults bring beside those of the map."""
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
    for place, probe in named:
        yield from unknown_probe(probe, place, platform.probes() | own)
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
