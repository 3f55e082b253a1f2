"""Rules for the faults that a scenario names, and for the parts of one: name, target, parameters, kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from blackstart.source import Flaw, Place, did_you_mean

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.scenario import FaultSpec, Part, Scenario

__all__ = [
    "FaultTypes",
    "brought",
    "fault_flaws",
    "installed_faults",
    "made",
    "probes_of",
    "unknown_probe",
    "unsupported",
]

FaultTypes = Mapping[str, Any]
"""Fault types by name: entry points, or fault classes themselves."""

FAULT_GROUP = "blackstart.faults"


def installed_faults() -> FaultTypes:
    """Every fault type that an installed package offers; none is imported."""
    return {point.name: point for point in entry_points(group=FAULT_GROUP)}


def made(scenario: Scenario, faults: FaultTypes) -> dict[str, Any]:
    """Every fault of the scenario that can be made, whole; what keeps another from it is told elsewhere."""
    whole = {}
    for spec in scenario.faults:
        with suppress(Exception):  # a stranger's package, or parameters that are wrong
            fault = _loaded(faults[spec.fault]).model_validate(spec.params)
            fault.members(spec.target)
            whole[spec.id] = fault
    return whole


def probes_of(
    scenario: Scenario, faults: Mapping[str, Any], platform: Platform
) -> dict[str, tuple[str, ...]]:
    """The probes that must turn red, by the fault's id: what the scenario says, else what the fault itself says."""
    return {
        spec.id: (spec.turns_red,)
        if spec.turns_red
        else faults[spec.id].probe_names(spec.target, platform.own_probe)
        for spec in scenario.faults
        if spec.id in faults
    }


def brought(scenario: Scenario, faults: Mapping[str, Any], platform: Platform) -> set[str]:
    """The probes that the faults themselves name: one that the map does not have is brought by its fault."""
    members = (
        each for spec in scenario.faults if spec.id in faults for each in faults[spec.id].members(spec.target)
    )
    return {fault.probe_name(target, platform.own_probe(target)) for fault, target in members}


def unsupported(scenario: Scenario, faults: Mapping[str, Any], replica: str) -> Iterator[str]:
    """What of the scenario cannot be broken on a replica of that name, in words; `faults` by their id, whole."""
    for spec in scenario.faults:
        members = faults[spec.id].members(spec.target) if spec.id in faults else ()
        for fault, target in members:
            if replica not in fault.about().replicas:
                where = ", ".join(fault.about().replicas)
                what = f"{fault.about().name} on {target} (its fault {spec.id})"
                yield f"{what} does not work on the replica {replica}; it does on {where}"


def fault_flaws(
    spec: FaultSpec, place: Place, faults: FaultTypes, platform: Platform | None
) -> Iterator[Flaw]:
    """What is wrong with one fault of a scenario, looked at alone."""
    yield from _named(spec, place, faults, platform)
    with suppress(Exception):  # told above
        if spec.ramp and not _loaded(faults[spec.fault]).grows_by:
            what = f"{spec.fault} cannot be ramped up: it is there or it is not"
            yield Flaw((*place, "ramp"), what, "", "leave ramp out")


def _named(spec: Part, place: Place, faults: FaultTypes, platform: Platform | None) -> Iterator[Flaw]:
    """What is wrong with a fault, or with a part of one: its name, target and parameters."""
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
    try:
        parts = fault.model_validate(spec.params).composed()
    except ValidationError as error:
        yield from _params(spec, (*place, "params"), fault, error)
    else:
        yield from _parts(spec, place, parts, faults, platform)
    if platform and spec.target in platform.targets():
        yield from _kind(spec, (*place, "target"), fault, platform)


def _parts(
    spec: Part,
    place: Place,
    parts: Mapping[Place, Part],
    faults: FaultTypes,
    platform: Platform | None,
) -> Iterator[Flaw]:
    for within, part in parts.items():
        here = (*place, "params", *within)
        yield from _named(part, here, faults, platform)
        if platform and part.turns_red:
            yield from unknown_probe(part.turns_red, (*here, "turns_red"), platform.probes())
    if parts and spec.turns_red:
        what = f"{spec.fault} has parts, and each must be seen"
        yield Flaw((*place, "turns_red"), what, "", "write turns_red at its parts, or leave it out")


def unknown_probe(name: str, place: Place, probes: Collection[str]) -> Iterator[Flaw]:
    """That no probe is called so, when none is."""
    if name not in probes:
        what = f'no probe is called "{name}" in scenarios/platform.yaml'
        yield Flaw(place, what, "", did_you_mean(name, probes))


def _loaded(offered: Any) -> Any:
    return cast(Any, offered.load()) if isinstance(offered, EntryPoint) else offered


def _params(spec: Part, place: Place, fault: Any, error: ValidationError) -> Iterator[Flaw]:
    for one in error.errors(include_url=False, include_context=False):
        name = ".".join(str(part) for part in one["loc"])
        known = one["type"] != "extra_forbidden"
        hint = "" if known else did_you_mean(name, fault.model_fields)
        message = one["msg"].removeprefix("Value error, ")
        what = f"{spec.fault}{name and ', parameter '}{name}: {message[:1].lower()}{message[1:]}"
        seen = f"saw {one['input']!r}" if known and isinstance(one["input"], _SCALAR) else ""
        yield Flaw((*place, *one["loc"]), what, seen, hint)


_SCALAR = (str, int, float, bool, type(None))


def _kind(spec: Part, place: Place, fault: Any, platform: Platform) -> Iterator[Flaw]:
    node = platform.components.get(spec.target)
    kind = (node.kind or spec.target) if node else "workload"
    if not fault.suits(kind):
        what = f"{spec.fault} cannot break {spec.target}, which is of the kind {kind}"
        yield Flaw(place, what, "", f"it breaks {fault.suited()}")
