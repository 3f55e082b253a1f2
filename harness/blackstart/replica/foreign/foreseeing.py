"""What of each component of a user's compose file is known before anything runs, from the file and the platform map.

Pure, like `judge.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.platform import Platform
from blackstart.replica.foreign.sidecar import sidecar_of
from blackstart.replica.foreseen import Foreseen
from blackstart.replica.probing import declared

if TYPE_CHECKING:
    from collections.abc import Collection

    from blackstart.replica.foreign.judge import Judgement, Service
    from blackstart.replica.probing import Asked

__all__ = ["foresee"]

_NO_MAP = Platform(kind="platform", components={}, capabilities={}, teams={})


def foresee(
    judgement: Judgement, platform: Platform | None, absent: Collection[str] = ()
) -> dict[str, Foreseen]:
    """Every component. `absent` are the images that are not here.

    ReplicaError for a probe of the map that nobody says how to ask, and for a component of it that no service is.
    """
    whole = platform or _NO_MAP
    labelled = {service.component: service.checks for service in judgement.drilled}
    ported = {service.component: service.askable for service in judgement.drilled}
    probes = list(declared(whole, labelled, ported))
    return {each.component: _foreseen(each, whole, probes, absent) for each in judgement.drilled}


def _foreseen(service: Service, platform: Platform, probes: list[Asked], absent: Collection[str]) -> Foreseen:
    name = service.component
    beside = sidecar_of(service) if service.proxied else None
    own = [each for each in probes if each.subject == name]
    node = platform.components.get(name)
    return Foreseen(
        component=name,
        service=service.name,
        kind=(node.kind or name) if node else service.kind,
        sidecars=(beside.proxy, beside.redirect) if beside else (),
        no_proxy="" if service.proxied else "; ".join(service.missing),
        no_network="" if service.own_network else "it has no network of its own to be taken off",
        certain=not (service.image in absent and not service.ports),
        mounts=service.volumes,
        question=_kind(own[0]) if own else "",
        own_probe=platform.own_probe(name) if node else own[0].name if own else name,
        probes={each.name: _kind(each) if each.component == name else "" for each in probes},
    )


def _kind(asked: Asked) -> str:
    return asked.check.kinds[0]
