"""Taking away what carries a drill's label, and nothing else: containers with their unnamed volumes, networks, volumes.

It asks docker alone: the compose file may be gone, and so may whoever brought it up.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from blackstart.errors import ReplicaError
from blackstart.replica.containers.engine import DRILL
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

__all__ = ["Counts", "counts", "remove_all"]

PATIENCE_S = 5.0
"""Seconds in which something more must be gone, or docker does not remove the rest; all of it takes docker one."""

_SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each carry a drill's label."""

    containers: int
    networks: int
    volumes: int

    def __bool__(self) -> bool:
        return bool(self.containers or self.networks or self.volumes)

    def __str__(self) -> str:
        """`2 containers, 1 network and no volume`."""
        said = [
            _said(self.containers, "container"),
            _said(self.networks, "network"),
            _said(self.volumes, "volume"),
        ]
        return f"{', '.join(said[:2])} and {said[2]}"


def _said(number: int, name: str) -> str:
    return f"{number or 'no'} {name}{'s' if number > 1 else ''}"


def counts(engine: Engine, label: str) -> Counts:
    """What there is of that drill; ValueError for an empty label, as everywhere here."""
    return Counts(
        len(_containers(engine, label)), len(_networks(engine, label)), len(_volumes(engine, label))
    )


def remove_all(engine: Engine, label: str, patience_s: float = PATIENCE_S) -> Counts:
    """Remove everything with that label; returns what there was. Idempotent.

    However long a busy machine takes, it goes on while it gets on. ReplicaError for what does not go, with why: a
    container that is no drill's may use a network or a volume of it.
    """
    before = left = counts(engine, label)
    whys: dict[str, str] = {}
    while left and _gets_on(engine, label, whys, left, patience_s):
        left = counts(engine, label)
    if left:
        said = "; ".join(f"{id[:60]}: {why or 'it is still there'}" for id, why in whys.items())
        raise ReplicaError(
            f"docker does not remove what this drill has made; left are {left}, and in {patience_s:g} s nothing more "
            f"went: {said}",
            hint="end what uses it (docker ps, docker network inspect), and run: blackstart recover",
        )
    return before


def _gets_on(engine: Engine, label: str, whys: dict[str, str], left: Counts, patience_s: float) -> bool:
    """Patience begins after a first try: that alone may take a busy docker longer."""

    def less() -> bool:
        return _removed(engine, label, whys) != left

    return less() or wait_until(less, patience_s)


def _removed(engine: Engine, label: str, whys: dict[str, str]) -> Counts:
    """Remove all that is found, and say what is left: something may just be made, or be removed by others."""
    whys.clear()
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        for found, remove in _kinds(engine):
            left = found(engine, label)
            whys.update(zip(left, pool.map(partial(_tried, remove), left), strict=True))
    return counts(engine, label)


Find = Callable[["Engine", str], list[str]]
Remove = Callable[[str], Any]


def _kinds(engine: Engine) -> list[tuple[Find, Remove]]:
    """How each kind is found and removed, in an order in which nothing is in use any more."""
    api = engine.client.api
    return [
        (_containers, lambda id: api.remove_container(id, v=True, force=True)),
        (_networks, api.remove_network),
        (_volumes, lambda name: api.remove_volume(name, force=True)),
    ]


def _tried(remove: Remove, id: str) -> str:
    """Why it could not be removed; empty when it was, or when it is gone."""
    from docker.errors import APIError, DockerException, NotFound
    from requests.exceptions import RequestException

    try:
        remove(id)
    except NotFound:
        return ""
    except APIError as error:
        return str(error.explanation or error)
    except (DockerException, RequestException, OSError) as error:  # it takes longer than docker is waited for
        return f"docker does not answer: {error}"
    return ""


def _filter(label: str) -> dict[str, str]:
    if not label:
        raise ValueError("without a label everything would be found")
    return {"label": f"{DRILL}={label}"}


def _containers(engine: Engine, label: str) -> list[str]:
    with engine.saying("listing containers"):
        return [str(each["Id"]) for each in engine.client.api.containers(all=True, filters=_filter(label))]


def _networks(engine: Engine, label: str) -> list[str]:
    with engine.saying("listing networks"):
        return [str(each["Id"]) for each in engine.client.api.networks(filters=_filter(label))]


def _volumes(engine: Engine, label: str) -> list[str]:
    with engine.saying("listing volumes"):
        listed = engine.client.api.volumes(filters=_filter(label))["Volumes"] or []
        return [str(each["Name"]) for each in listed]
