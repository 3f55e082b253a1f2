"""What of a user's compose file can be drilled, and with what: judged from what compose itself makes of the file.

Pure: `config` is the answer of `docker compose config --format json`, and nothing else is looked at but the ports
that images say they listen on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from blackstart.checks import from_label
from blackstart.replica.containers.copies import copies
from blackstart.replica.containers.engine import COMPONENT
from blackstart.replica.foreign.listening import (
    PORTS,
    ImagePorts,
    Published,
    known_ports,
    not_proxied,
    published_ports,
    udp,
)
from blackstart.replica.foreign.reach import file_refusals, service_refusals, warnings
from blackstart.replica.foreign.volumes import volumes_of
from blackstart.source import did_you_mean

if TYPE_CHECKING:
    from blackstart.checks import Check
    from blackstart.replica.containers.files import Mount

__all__ = ["KIND", "PORTS", "PROBE", "Judgement", "Published", "Service", "judge"]

KIND = "blackstart.kind"
PROBE = "blackstart.probe."

EXAMPLE = "labels: {blackstart.component: db}"

_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_-]*")

LABELS = (COMPONENT, KIND, PORTS, PROBE)
"""Every label of ours that a file may have; PROBE has the probe's name behind it."""


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `component` is empty when it is not drilled, `ports` are those over TCP, the first one first.

    `count` is how many containers it has. `missing` says what keeps it from being drilled in some way, `lasting` what
    of it stays when a drill is over, `noted` what else to know of it; sentences.
    """

    name: str
    component: str = ""
    kind: str = ""
    image: str = ""
    ports: tuple[int, ...] = ()
    published: tuple[Published, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[Mount, ...] = ()
    own_network: bool = True
    proxied: bool = False
    count: int = 1
    missing: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.lasting + self.noted

    @property
    def passing(self) -> tuple[Published, ...]:
        """Published ports whose clients a fault of the network reaches."""
        carried = [port for port in self.published if port.protocol == "tcp" and port.target in self.ports]
        return tuple(carried) if self.proxied else ()

    @property
    def bypassing(self) -> tuple[Published, ...]:
        """Published ports whose clients no fault of the network reaches."""
        return tuple(port for port in self.published if port not in self.passing)

    @property
    def askable(self) -> bool:
        """Whether a port of it is known, and published by a drill."""
        return bool(self.ports) and self.own_network


@dataclass(frozen=True, slots=True)
class Judgement:
    """A whole file. With any of `refusals` it is not drilled at all."""

    services: tuple[Service, ...]
    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def drilled(self) -> tuple[Service, ...]:
        return tuple(service for service in self.services if service.component)

    @property
    def names(self) -> set[str]:
        """What a stranger's container may not be called."""
        return {name for service in self.drilled for name in (service.component, service.name)}

    @property
    def lasting(self) -> tuple[str, ...]:
        """What stays when a drill is over, of every service."""
        return tuple(f"{service.name}: {said}" for service in self.services for said in service.lasting)

    def component(self, name: str) -> Service:
        """KeyError when there is none."""
        found = {service.component: service for service in self.drilled}
        return found[name]


def judge(config: Mapping[str, Any], image_ports: ImagePorts) -> Judgement:
    """Judge a file. Never raises: what is wrong is said."""
    refusals = [*_file_refusals(config)]
    services = []
    for name, raw in (config.get("services") or {}).items():
        service, wrong = _service(name, raw, config, image_ports)
        services.append(service)
        refusals += wrong
    refusals += _names(services)
    return Judgement(tuple(services), tuple(refusals), tuple(_file_warnings(config)))


# --- the whole file -------------------------------------------------------------------------------


def _file_refusals(config: Mapping[str, Any]) -> Iterator[str]:
    if not config.get("services"):
        yield "the file has no service (services that only a profile starts need COMPOSE_PROFILES)"
    yield from file_refusals(config)


def _file_warnings(config: Mapping[str, Any]) -> Iterator[str]:
    for name, raw in (config.get("networks") or {}).items():
        if (raw or {}).get("ipam", {}).get("config"):
            yield (
                f"the network {name} has a fixed subnet: while your own instance or another drill of this file runs, "
                "docker refuses a second one"
            )


def _names(services: Sequence[Service]) -> Iterator[str]:
    drilled = [service for service in services if service.component]
    if services and not drilled:
        yield (
            f"no service is labelled as a component: under a service, such as {services[0].name}, "
            f"write {EXAMPLE}"
        )
    seen: dict[str, Service] = {}
    probes: dict[str, str] = {}
    for service in drilled:
        same = seen.get(service.component.lower(), service)
        if same.component != service.component:
            yield (
                f"{same.name} and {service.name} differ by capitals alone: {same.component} and {service.component} as "
                f"{COMPONENT}; call one of them otherwise"
            )
        elif same is not service:
            yield (
                f"{same.name} and {service.name} both say {COMPONENT}: {service.component}; "
                "a component is one service"
            )
        seen.setdefault(service.component.lower(), service)
        for probe in service.checks:
            if probe in probes:
                yield f"{probes[probe]} and {service.name} both have the label {PROBE}{probe}"
            probes.setdefault(probe, service.name)


# --- one service ----------------------------------------------------------------------------------


def _service(
    name: str, raw: Mapping[str, Any], config: Mapping[str, Any], image_ports: ImagePorts
) -> tuple[Service, list[str]]:
    """The service, and what of it is refused."""
    labels: Mapping[str, str] = raw.get("labels") or {}
    component, count = labels.get(COMPONENT, ""), copies(raw)
    refusals = [*service_refusals(name, raw), *_bad_name(name, component), *_not_one(name, component, count)]
    published = tuple(published_ports(raw))
    service = Service(
        name,
        image=str(raw.get("image", "")),
        published=published,
        count=count,
        lasting=tuple(warnings(raw)),
        noted=tuple(_unknown(labels)),
    )
    if not component:
        return service, refusals
    checks, wrong_checks = _checks(name, labels)
    ports, wrong_ports = known_ports(name, raw, labels, published, image_ports)
    here = not service.image or image_ports(service.image) is not None
    missing = tuple(not_proxied(raw, config, ports, published, here))
    service = replace(
        service,
        component=component,
        kind=labels.get(KIND, component),
        ports=ports,
        checks=checks,
        environment={k: str(v) for k, v in (raw.get("environment") or {}).items() if v is not None},
        volumes=tuple(volumes_of(raw, config)),
        own_network=not raw.get("network_mode"),
        proxied=bool(ports) and not missing and not raw.get("network_mode"),
        missing=missing,
        noted=(*service.noted, *udp(published)),
    )
    return service, refusals + wrong_checks + wrong_ports


def _unknown(labels: Mapping[str, str]) -> Iterator[str]:
    """Labels that look like ours, and are none."""
    for label in labels:
        ours = label in LABELS[:-1] or label.startswith(PROBE)
        if label.startswith("blackstart.") and not ours:
            yield f"it has the label {label}, which means nothing: {did_you_mean(label, LABELS)}"


def _not_one(name: str, component: str, count: int) -> Iterator[str]:
    if component and count != 1:
        yield (
            f"{name} runs {count} times as the component {component}, and a drill breaks one container of a component; "
            "take its scale (deploy.replicas) to 1, or its label away"
        )


def _bad_name(name: str, component: str) -> Iterator[str]:
    if component and not _NAME.fullmatch(component):
        yield (
            f"{name} says {COMPONENT}: {component!r}; a component's name has letters (a to z), digits, - and _, and "
            "begins with a letter or a digit"
        )


def _checks(name: str, labels: Mapping[str, str]) -> tuple[dict[str, Check], list[str]]:
    checks, wrong = {}, []
    for label, text in labels.items():
        if label.startswith(PROBE):
            try:
                checks[label.removeprefix(PROBE)] = from_label(text)
            except ValueError as error:
                wrong.append(f"{name} has the label {label}: {error}")
    return checks, wrong
