"""The file that is laid over a user's compose file for one drill: what it adds, and what it moves out of the way.

It changes no name, network, address or setting of a service. Sidecars are added, every published port goes to a free one
on 127.0.0.1, and whatever has a name of its own on this machine (containers, networks, volumes, built images) gets one
of the drill's: the user's own instance and other drills run on beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from blackstart.replica.foreign.sidecar import sidecar_of
from blackstart.replica.layout import HOST, Address

if TYPE_CHECKING:
    from blackstart.replica.foreign.judge import Judgement, Service
    from blackstart.replica.foreign.sidecar import Images

__all__ = ["Places", "built_images", "override", "wanted_ports"]

HEADER = """\
# Made by blackstart for one drill, and laid over your compose file: docker compose -f YOURS -f THIS.
# It needs compose 2.24 or later (!override, !reset).
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things of one drill are on 127.0.0.1: each published port by service, number and protocol; each proxy's API."""

    ports: Mapping[tuple[str, int, str], int] = field(default_factory=dict)
    apis: Mapping[str, int] = field(default_factory=dict)
    """By component."""

    @classmethod
    def choose(cls, judgement: Judgement, free: list[int]) -> Places:
        """`free` are at least as many as `wanted_ports` says."""
        numbers = iter(free)
        ports = {key: next(numbers) for key in _published(judgement)}
        return cls(ports, {each.component: next(numbers) for each in judgement.drilled if each.proxied})

    def address(self, service: str, port: int) -> Address | None:
        """Where a port over TCP is reached from this machine; None when it is not published."""
        found = self.ports.get((service, port, "tcp"))
        return None if found is None else (HOST, found)

    def to_data(self) -> dict[str, Any]:
        return {
            "ports": [[*key, number] for key, number in self.ports.items()],
            "apis": dict(self.apis),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Places:
        """What `to_data` gave. LookupError, TypeError or ValueError when it is something else."""
        ports = {(str(s), int(port), str(way)): int(number) for s, port, way, number in data["ports"]}
        return cls(ports, {str(name): int(number) for name, number in data["apis"].items()})


def wanted_ports(judgement: Judgement) -> int:
    """How many free ports a drill of that file takes."""
    return len(list(_published(judgement))) + sum(service.proxied for service in judgement.drilled)


def _published(judgement: Judgement) -> Iterator[tuple[str, int, str]]:
    """What the file publishes, and every port that the harness may ask on; one number is for one container only."""
    for service in (each for each in judgement.services if each.count == 1):
        own = [(port.target, port.protocol) for port in service.published]
        asked = [(port, "tcp") for port in (service.ports if _publishes(service) else ())]
        yield from ((service.name, port, way) for port, way in dict.fromkeys([*own, *asked]))


def _publishes(service: Service) -> bool:
    """Docker publishes nothing of a service that uses another's network, or none."""
    return bool(service.component) and service.own_network


def override(
    config: Mapping[str, Any], judgement: Judgement, places: Places, images: Images, project: str
) -> str:
    """The file's text. `project` is the drill's compose project."""
    beside = {service.name: sidecar_of(service) for service in judgement.drilled if service.proxied}
    services: dict[str, Any] = {}
    for service in judgement.services:
        raw = config["services"][service.name]
        apis = [(places.apis[service.component], beside[service.name].api)] if service.name in beside else []
        services[service.name] = {
            **_named(service.name, raw, config),
            **_ports(service, raw, places, apis),
            **_after({beside[name].redirect for name in raw.get("depends_on") or {} if name in beside}),
        }
    for sidecar in beside.values():
        services |= sidecar.services(images)
    whole = {
        "services": {name: change for name, change in services.items() if change},
        **_renamed(config, "networks", project),
        **_renamed(config, "volumes", project),
    }
    return HEADER + yaml.dump(whole, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def built_images(config: Mapping[str, Any]) -> dict[str, str]:
    """By service, the image that the file builds: under the file's own name for it, else under one of ours.

    Compose names a built image by the project: without a name of ours, each drill would leave one behind.
    """
    project = config.get("name", "platform")
    return {
        name: str(raw.get("image") or f"blackstart-drill/{project}-{name}".lower())
        for name, raw in config["services"].items()
        if raw.get("build")
    }


def _named(name: str, raw: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"container_name": _Reset()} if raw.get("container_name") else {}
    if raw.get("build") and not raw.get("image"):
        found["image"] = built_images(config)[name]
    return found


def _ports(
    service: Service, raw: Mapping[str, Any], places: Places, apis: list[tuple[int, int]]
) -> dict[str, Any]:
    words = [
        *(
            _word(number, port, way)
            for (name, port, way), number in places.ports.items()
            if name == service.name
        ),
        *(_word(number, inside) for number, inside in apis),
        *(_word("", port.target, port.protocol) for port in service.published if service.count != 1),
    ]
    return {"ports": _Override(list(dict.fromkeys(words)))} if words or raw.get("ports") else {}


def _word(number: int | str, port: int, way: str = "tcp") -> str:
    """A published port as compose's short form has it; without a number docker chooses a free one a container."""
    return f"{HOST}:{number}:{port}" + ("" if way == "tcp" else f"/{way}")


def _after(redirects: set[str]) -> dict[str, Any]:
    """Who waits for a component waits for its proxy: so that its first connection passes it."""
    wait = {"condition": "service_completed_successfully"}
    return {"depends_on": dict.fromkeys(sorted(redirects), wait)} if redirects else {}


def _renamed(config: Mapping[str, Any], section: str, project: str) -> dict[str, Any]:
    own = config.get("name", "")
    names = {
        key: {"name": f"{project}_{key}"}
        for key, raw in (config.get(section) or {}).items()
        if (raw or {}).get("name", f"{own}_{key}") not in (f"{own}_{key}", f"{project}_{key}")
    }
    return {section: names} if names else {}


# --- compose's own tags ---------------------------------------------------------------------------


class _Override:
    """A value that takes the place of the file's own, where compose would join them."""

    def __init__(self, value: list[str]) -> None:
        self.value = value


class _Reset:
    """As if the file had no such key."""


class _Dumper(yaml.SafeDumper):
    """Writes no anchors: compose reads them, people do not."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(_Override, lambda dumper, made: dumper.represent_sequence("!override", made.value))
_Dumper.add_representer(_Reset, lambda dumper, _: dumper.represent_scalar("!reset", "null"))
