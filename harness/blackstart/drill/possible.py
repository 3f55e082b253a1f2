"""Which faults can be had on a component of a user's own compose file, and be seen: asked before anything runs.

What `doctor` names and what `run` and its dry run refuse is told here, for all of them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from blackstart.errors import UsageError
from blackstart.faults.catalogue import load, names
from blackstart.replica.foreseen import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blackstart.drill.arming import Armed
    from blackstart.faults.base import Fault
    from blackstart.replica.foreign.ahead import Ahead
    from blackstart.replica.foreseen import Foreseen

__all__ = ["choices", "demand_possible", "obstacle"]

REPLICA = "compose"

_BLIND: Mapping[str, str] = {
    "tcp": "only connects (tcp)",
    "exec": "is a command inside it (exec)",
}


def choices(there: Foreseen) -> list[Choice]:
    """The faults that may be meant for it, each with what keeps it from being had, as its defaults are.

    Left out are those of a family that is all of other kinds, and those that are nothing without their parameters.
    """
    known = [load(name) for name in names()]
    meant = [each for each in known if REPLICA in each.replicas and _whole(each)]
    families = {_family(each) for each in meant if "*" in each.kinds}
    near = [each for each in meant if _family(each) in families or each.suits(there.kind)]
    return [_choice(each, there) for each in near]


def _whole(fault: type[Fault]) -> bool:
    return not any(field.is_required() for field in fault.model_fields.values())


def _family(fault: type[Fault]) -> str:
    return fault.name.partition(".")[0]


def _choice(kind: type[Fault], there: Foreseen) -> Choice:
    if not kind.suits(there.kind):
        return Choice(kind.name, f"it breaks {kind.suited()}, and this is of the kind {there.kind}", True)
    fault = kind.model_validate({})
    why = obstacle(fault, fault.probe_name(there.component, there.own_probe), there)
    return Choice(kind.name, why, bool(fault.only_ours()))


def demand_possible(armed: Iterable[Armed], ahead: Ahead) -> None:
    """UsageError for a fault that cannot be had there, or that no probe would show."""
    for each in armed:
        members = zip(each.fault.members(each.target), each.probes, strict=True)
        for (fault, target), probe in () if each.skipped else members:
            _demand(fault, target, probe, ahead)


def _demand(fault: Fault, target: str, probe: str, ahead: Ahead) -> None:
    name, there = fault.about().name, ahead.components.get(target)
    if there is None:
        raise UsageError(
            f"{name} cannot break {target}: no service of {ahead.file} is that component",
            hint=f"label its service blackstart.component: {target}; there are: {', '.join(ahead.components)}",
        )
    if there.certain and (why := obstacle(fault, probe, there)):
        raise UsageError(
            f"{name} cannot break {target}, the service {there.service} of {ahead.file}: {why}",
            hint=f"blackstart doctor --compose {shlex.quote(ahead.file)} says which faults it can be drilled with",
        )


def obstacle(fault: Fault, probe: str, there: Foreseen) -> str:
    """Why a fault cannot be had there, or why the probe that is to show it would not; empty when all is well."""
    return fault.only_ours() or fault.lacks(there) or "; ".join(_unseen(fault, probe, there))


def _unseen(fault: Fault, probe: str, there: Foreseen) -> Iterator[str]:
    own = fault.probe_name(there.component, there.own_probe)
    brought = probe == own and own != there.own_probe
    asks = there.probes.get(probe, there.question if brought else "")
    if probe not in there.probes and not brought:
        yield f"nobody would see it: there is no probe {probe}; give it a check, as a label or on the map"
    elif asks in fault.about().unseen_by:
        check = _BLIND.get(asks, f"is over before ({asks})")
        yield f"its check {check}, which does not show it: {_instead(fault)}"


def _instead(fault: Fault) -> str:
    """What would show it: a check that is answered shows most, and some faults no check at all."""
    if "http" in fault.about().unseen_by:
        return "let turns_red name a probe that does"
    return "give it one that is answered, or say turns_red"
