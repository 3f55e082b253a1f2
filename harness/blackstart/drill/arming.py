"""From a scenario's faults to armed ones: each made, wrapped as the story asks, with the probe that proves it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.errors import UsageError
from blackstart.faults.catalogue import load
from blackstart.faults.wrappers import demand_supported, happens, limited, ramped, repeated, validated

if TYPE_CHECKING:
    from blackstart.faults.base import Fault
    from blackstart.platform import Platform
    from blackstart.scenario import FaultSpec

__all__ = ["Armed", "arm"]


@dataclass(frozen=True, slots=True)
class Armed:
    """One fault of a drill, ready to be injected at its instant. `probes` must turn red within `within_s` (real)."""

    spec: FaultSpec
    fault: Fault
    probes: tuple[str, ...]
    within_s: float
    skipped: str = ""
    """Why this drill leaves it out; empty when it happens."""

    @property
    def probe(self) -> str:
        """The probe that stands for it in the ledger and on record: the only one, or that of its first part."""
        return self.probes[0]

    @property
    def turns(self) -> int:
        """How often it is injected."""
        if self.skipped:
            return 1  # that it is left out is told once
        return self.spec.repeat.times if self.spec.repeat else 1

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def target(self) -> str:
        return self.spec.target

    @property
    def type(self) -> str:
        return self.spec.fault


def arm(specs: Iterable[FaultSpec], platform: Platform, seed: int, replica: str) -> list[Armed]:
    """Every fault of a scenario that was checked, for a drill on the replica of that name.

    UsageError for one that is not installed, cannot be wrapped so, or does not work on that replica; and when nothing
    would be broken at all.
    """
    armed = [_armed(spec, platform, seed) for spec in specs]
    for each in armed:
        for fault, _ in each.fault.members(each.target):
            demand_supported(fault, replica)
    if armed and all(each.skipped for each in armed):
        raise UsageError(
            f"the seed {seed} spares every fault of the scenario", hint="choose another one: --seed"
        )
    return armed


def _armed(spec: FaultSpec, platform: Platform, seed: int) -> Armed:
    fault = load(spec.fault).model_validate(spec.params)
    own = fault.probe_names(spec.target, platform.own_probe)
    probes = (spec.turns_red,) if spec.turns_red else own
    within_s = fault.within_s if spec.within is None else spec.within
    skipped = (
        "" if happens(spec.chance, seed, spec.id) else f"the seed {seed} spares it (chance {spec.chance:g})"
    )
    return Armed(spec, validated(_wrapped(spec, fault)), probes, within_s, skipped)


def _wrapped(spec: FaultSpec, fault: Fault) -> Fault:
    if spec.ramp:
        fault = ramped(fault, spec.ramp.over, spec.ramp.steps)
    if spec.repeat:
        return repeated(fault, spec.repeat.times, spec.repeat.every, spec.repeat.lasting)
    return fault if spec.lasts is None else limited(fault, spec.lasts)
