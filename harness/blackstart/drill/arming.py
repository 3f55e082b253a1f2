"""From a scenario's faults to armed ones: each made, wrapped as the story asks, with the probe that proves it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.errors import UsageError
from blackstart.faults.catalogue import load
from blackstart.faults.wrappers import happens, limited, ramped, repeated, validated

if TYPE_CHECKING:
    from blackstart.faults.base import Fault
    from blackstart.platform import Platform
    from blackstart.scenario import FaultSpec

__all__ = ["Armed", "arm"]


@dataclass(frozen=True, slots=True)
class Armed:
    """One fault of a drill, ready to be injected at its instant. `probe` must turn red within `within_s` (real)."""

    spec: FaultSpec
    fault: Fault
    probe: str
    within_s: float
    skipped: str = ""
    """Why this drill leaves it out; empty when it happens."""

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def target(self) -> str:
        return self.spec.target

    @property
    def type(self) -> str:
        return self.spec.fault


def arm(specs: Iterable[FaultSpec], platform: Platform, seed: int) -> list[Armed]:
    """Every fault of a scenario that was checked.

    UsageError for one that is not installed or cannot be wrapped so, and when nothing would be broken at all.
    """
    armed = [_armed(spec, platform, seed) for spec in specs]
    if armed and all(each.skipped for each in armed):
        raise UsageError(
            f"the seed {seed} spares every fault of the scenario", hint="choose another one: --seed"
        )
    return armed


def _armed(spec: FaultSpec, platform: Platform, seed: int) -> Armed:
    fault = load(spec.fault).model_validate(spec.params)
    probe = spec.turns_red or fault.probe_name(spec.target, platform.own_probe(spec.target))
    within_s = fault.within_s if spec.within is None else spec.within
    skipped = (
        "" if happens(spec.chance, seed, spec.id) else f"the seed {seed} spares it (chance {spec.chance:g})"
    )
    return Armed(spec, _wrapped(spec, fault), probe, within_s, skipped)


def _wrapped(spec: FaultSpec, fault: Fault) -> Fault:
    fault = validated(fault)
    if spec.ramp:
        fault = ramped(fault, spec.ramp.over, spec.ramp.steps)
    if spec.repeat:
        return repeated(fault, spec.repeat.times, spec.repeat.every, spec.repeat.lasting)
    return fault if spec.lasts is None else limited(fault, spec.lasts)
