"""What of a user's compose file can be drilled, and with what: judged from what compose itself makes of the file.

Pure: `config` is the answer of `docker compose config --format json`, and nothing else is looked at but the ports
that images say they listen on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from blackstart.checks import from_label
from blackstart.replica.containers.engine import COMPONENT

if TYPE_CHECKING:
    from blackstart.checks import Check

__all__ = ["KIND", "PORTS", "PROBE", "Judgement", "Published", "Service", "judge"]

KIND = "blackstart.kind"
PORTS = "blackstart.ports"
PROBE = "blackstart.probe."

EXAMPLE = "labels: {blackstart.component: db}"

ImagePorts = Callable[[str], Sequence[str]]
"""The ports that an image says it listens on ("5432/tcp"); none when it is not here yet."""

SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")


@dataclass(frozen=True, slots=True)
class Published:
    """A port of the file's own `ports`: of which container port, over what, and where the user has it."""

    target: int
    protocol: str
    where: str


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `component` is empty when it is not drilled, `ports` are those over TCP, the first one first.

    `missing` says what keeps it from being drilled in some way, `warnings` what to know of it; sentences.
    """

    name: str
    component: str = ""
    kind: str = ""
    image: str = ""
    ports: tuple[int, ...] = ()
    published: tuple[Published, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    own_network: bool = True
    proxied: bool = False
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def bypassing(self) -> tuple[Published, ...]:
        """Published ports whose clients no fault of the network reaches."""
        return tuple(
            port
            for port in self.published
            if self.component and not (self.proxied and port.protocol == "tcp" and port.target in self.ports)
        )

    @property
    def families(self) -> tuple[str, ...]:
        """The families of faults that it can be drilled with."""
        if not self.component:
            return ()
        return (*(["network"] if self.proxied else []), "process", "container")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A whole file. With any of `refusals` it is not drilled at all."""

    services: tuple[Service, ...]
    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def drilled(self) -> tuple[Service, ...]:
        return tuple(service for service in self.services if service.component)

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
    for section in ("networks", "volumes"):
        for name, raw in (config.get(section) or {}).items():
            if (raw or {}).get("external"):
                yield (
                    f"the {section[:-1]} {name} is external ({raw.get('name', name)}): it is somebody else's, "
                    "and a drill would reach what is real; give the drill a file with one of its own"
                )


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
    seen: dict[str, str] = {}
    probes: dict[str, str] = {}
    for service in drilled:
        if service.component in seen:
            yield (
                f"{seen[service.component]} and {service.name} both say {COMPONENT}: {service.component}; "
                "a component is one service"
            )
        seen.setdefault(service.component, service.name)
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
    component, image = labels.get(COMPONENT, ""), str(raw.get("image", ""))
    refusals = [*_reaches_out(name, raw), *_bad_name(name, component)]
    published = tuple(_published(raw))
    if not component:
        return Service(name, image=image, published=published, warnings=tuple(_warnings(raw))), refusals
    checks, wrong_checks = _checks(name, labels)
    ports, wrong_ports = _ports(name, raw, labels, published, image_ports)
    missing = [*_not_one(raw), *_not_proxied(raw, config, ports, published)]
    service = Service(
        name,
        component,
        labels.get(KIND, component),
        image,
        ports,
        published,
        checks,
        {key: str(value) for key, value in (raw.get("environment") or {}).items() if value is not None},
        not raw.get("network_mode"),
        bool(ports) and not missing and not raw.get("network_mode"),
        tuple(missing),
        (*_warnings(raw), *_udp(published)),
    )
    return service, refusals + wrong_checks + wrong_ports


def _reaches_out(name: str, raw: Mapping[str, Any]) -> Iterator[str]:
    """What would touch more than the drill's own."""
    mode = str(raw.get("network_mode", ""))
    if mode == "host":
        yield (
            f"{name} has network_mode: host: it listens on this machine's own addresses, where no proxy can stand "
            "before it and a drill would meet what is real; give it a network"
        )
    if mode.startswith("container:"):
        yield f"{name} shares the network of {mode}: that container is no part of this file"
    if raw.get("external_links"):
        yield f"{name} has external_links: they lead to containers that are no part of this file"


def _bad_name(name: str, component: str) -> Iterator[str]:
    if component and not component.replace("-", "").replace("_", "").isalnum():
        yield f"{name} says {COMPONENT}: {component!r}; a component's name has letters, digits, - and _"


def _published(raw: Mapping[str, Any]) -> Iterator[Published]:
    for port in raw.get("ports") or []:
        host = port.get("host_ip") or "0.0.0.0"
        where = f"{host}:{port['published']}" if port.get("published") else f"{host}, any port"
        yield Published(int(port["target"]), port.get("protocol", "tcp"), where)


def _checks(name: str, labels: Mapping[str, str]) -> tuple[dict[str, Check], list[str]]:
    checks, wrong = {}, []
    for label, text in labels.items():
        if label.startswith(PROBE):
            try:
                checks[label.removeprefix(PROBE)] = from_label(text)
            except ValueError as error:
                wrong.append(f"{name} has the label {label}: {error}")
    return checks, wrong


def _ports(
    name: str,
    raw: Mapping[str, Any],
    labels: Mapping[str, str],
    published: Sequence[Published],
    image_ports: ImagePorts,
) -> tuple[tuple[int, ...], list[str]]:
    """What the label says; else what is published, exposed by the file, and exposed by the image, in this order."""
    if PORTS in labels:
        words = labels[PORTS].replace(",", " ").split()
        if not words or not all(word.isdecimal() and 0 < int(word) < 65536 for word in words):
            return (), [f'{name} has the label {PORTS}: {labels[PORTS]!r}; it is written "5432" or "80 443"']
        return tuple(dict.fromkeys(map(int, words))), []
    found = [port.target for port in published if port.protocol == "tcp"]
    image = str(raw.get("image", ""))
    exposed = [str(port) for port in raw.get("expose") or []]
    for port in [*exposed, *(image_ports(image) if image else ())]:
        number, _, protocol = port.partition("/")
        if protocol in ("", "tcp") and number.isdecimal():
            found.append(int(number))
    return tuple(dict.fromkeys(found)), []


def _not_one(raw: Mapping[str, Any]) -> Iterator[str]:
    count = int(raw.get("scale") or (raw.get("deploy") or {}).get("replicas") or 1)
    if count != 1:
        yield f"it runs {count} times, and a component is one container; take its scale to 1"


def _not_proxied(
    raw: Mapping[str, Any], config: Mapping[str, Any], ports: Sequence[int], published: Sequence[Published]
) -> Iterator[str]:
    """Why its network cannot be broken."""
    mode = str(raw.get("network_mode", ""))
    if mode.startswith("service:"):
        yield f"it shares the network of {mode.removeprefix('service:')}: label that one for faults of the network"
    elif mode == "none":
        yield "it has no network"
    elif mode:
        return  # the whole file is refused for it
    elif not ports and any(port.protocol == "udp" for port in published):
        yield "its only ports are UDP, which the proxy does not carry; no fault of the network reaches it"
    elif not ports:
        yield f'its ports are not known (no expose, no ports, none in its image); add the label {PORTS}: "5432"'
    elif not _reachable(raw, config):
        yield "it is on internal networks alone: docker publishes nothing there, so its proxy takes no orders"


def _reachable(raw: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    networks = config.get("networks") or {}
    own = raw.get("networks") or {"default": None}
    return any(not (networks.get(name) or {}).get("internal") for name in own)


def _udp(published: Sequence[Published]) -> Iterator[str]:
    for port in published:
        if port.protocol != "tcp":
            yield f"its port {port.target}/{port.protocol} is not carried by the proxy: no fault of the network reaches it"


def _warnings(raw: Mapping[str, Any]) -> Iterator[str]:
    if raw.get("privileged"):
        yield "it is privileged: what it does to this machine, no drill undoes"
    if raw.get("pid") == "host":
        yield "it sees this machine's processes (pid: host): what it does to them, no drill undoes"
    for volume in raw.get("volumes") or []:
        source = str(volume.get("source", ""))
        if source in SOCKETS:
            yield "it has docker's socket: what it makes by it carries no drill's label, and stays"
        elif volume.get("type") == "bind" and not volume.get("read_only"):
            yield f"it may write to {source}, a folder of yours: what a drill makes it write there, stays"
