"""What faults may do together and at most: two that fight over one resource, and the limits of a plan.

All of it is judged from the schedule, before anything is started. A fault without an end of its own lasts to the
end of the drill: whether people mend it before cannot be known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

from blackstart.source import Flaw, Place, format_duration

if TYPE_CHECKING:
    from blackstart.plan import FaultLimits, Hours
    from blackstart.scenario import FaultSpec, Scenario

__all__ = ["beyond", "fighting", "fights", "outside", "overlap"]


def fights(one: frozenset[str], other: frozenset[str]) -> str:
    """The resource that both need for themselves, empty when there is none. "vault" holds all below it."""
    for a in sorted(one):
        for b in sorted(other):
            if a == b or a.startswith(f"{b}/") or b.startswith(f"{a}/"):
                return max(a, b, key=len)
    return ""


def overlap(one: FaultSpec, other: FaultSpec) -> bool:
    """Whether both may be there at the same time."""
    return one.at < _end(other) and other.at < _end(one)


def _end(spec: FaultSpec) -> float:
    end = spec.ends()
    return math.inf if end is None else end


def fighting(
    specs: Sequence[FaultSpec], made: Mapping[str, Any], probes: Mapping[str, Sequence[str]]
) -> Iterator[Flaw]:
    """Two faults that may be there at once and hold the same resource, or are to be seen by the same probe.

    `made` has the faults that could be made, by their ids; `probes` what each turns red. The parts of one fault are
    there at once too.
    """
    for index, spec in enumerate(specs):
        if spec.id in made:
            yield from _within(spec, ("faults", index, "params"), made[spec.id], probes[spec.id])
    for (_, one), (index, other) in combinations(enumerate(specs), 2):
        if one.id not in made or other.id not in made or not overlap(one, other):
            continue
        held = fights(made[one.id].resources(one.target), made[other.id].resources(other.target))
        names = f'the faults "{one.id}" and "{other.id}"'
        apart = f'let "{one.id}" end before the other begins (lasts: ...)'
        if held:
            yield Flaw(("faults", index), f"{names} fight over {held}", "both may be there at once", apart)
        elif both := [probe for probe in probes[one.id] if probe in probes[other.id]]:
            yield Flaw(("faults", index), *_unseen(names, both[0]), f"{_RENAME}, or {apart}")


_RENAME = "give one of them another turns_red"


def _unseen(names: str, probe: str) -> tuple[str, str]:
    return f"{names} are both to be seen by the probe {probe}", "the second would find it red already"


def _within(spec: FaultSpec, place: Place, fault: Any, probes: Sequence[str]) -> Iterator[Flaw]:
    """Two parts of one fault that hold the same resource, or are to be seen by the same probe."""
    names = f'two parts of the fault "{spec.id}"'
    for (one, its), (other, others) in combinations(fault.members(spec.target), 2):
        if held := fights(one.resources(its), other.resources(others)):
            yield Flaw(
                place, f"{names} fight over {held}", "all parts are there at once", "leave one of them out"
            )
            return
    for probe in probes:
        if probes.count(probe) > 1:
            yield Flaw(place, *_unseen(names, probe), _RENAME)
            return


def beyond(limits: FaultLimits, scenario: Scenario, made: Mapping[str, Any]) -> Iterator[str]:
    """In which ways a scenario's faults go beyond what its plan allows. `made` as for `fighting`."""
    for spec in scenario.faults:
        for name in sorted(_hit(spec, made) & set(limits.never)):
            yield f'the fault "{spec.id}" is aimed at {name}, which the plan never lets be broken'
        if limits.lasting is not None and (lasts := _lasting(spec, scenario)) > limits.lasting:
            yield (
                f'the fault "{spec.id}" may last {format_duration(lasts)}, and the plan allows '
                f"{format_duration(limits.lasting)}: write lasts: {format_duration(limits.lasting)} in the scenario"
            )
    most = _most_at_once(scenario.faults, made)
    if limits.at_once is not None and most > limits.at_once:
        yield f"{most} faults may be active at once, and the plan allows {limits.at_once}"


def _hit(spec: FaultSpec, made: Mapping[str, Any]) -> set[str]:
    """The components that a fault touches: its target, those of its parts, and what they hold for themselves."""
    if spec.id not in made:
        return {spec.target}
    members = made[spec.id].members(spec.target)
    held = (resource.partition("/")[0] for fault, target in members for resource in fault.resources(target))
    return {spec.target, *(target for _, target in members), *held}


def _lasting(spec: FaultSpec, scenario: Scenario) -> float:
    end = spec.ends()
    whole_s = scenario.limits.respond + scenario.limits.observe
    return (whole_s if end is None else end) - spec.at


def _most_at_once(specs: Sequence[FaultSpec], made: Mapping[str, Any]) -> int:
    """At each fault's begin, how many are there; each part counts."""
    return max(
        (sum(_count(each, made) for each in specs if each.at <= spec.at < _end(each)) for spec in specs),
        default=0,
    )


def _count(spec: FaultSpec, made: Mapping[str, Any]) -> int:
    return len(made[spec.id].members(spec.target)) if spec.id in made else 1


def outside(hours: Hours, now: datetime) -> str:
    """Why a drill may not begin at this (aware) moment; empty when it may."""
    from zoneinfo import ZoneInfo

    local = now.astimezone(ZoneInfo(hours.zone))
    day, clock = local.strftime("%a").lower(), local.strftime("%H:%M")
    if day in hours.days and hours.begin <= clock < hours.end:
        return ""
    return (
        f"the plan's drills begin {', '.join(hours.days)} from {hours.begin} to {hours.end} ({hours.zone}), "
        f"and there it is {day} {clock}"
    )
