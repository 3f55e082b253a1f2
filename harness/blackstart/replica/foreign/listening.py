"""The ports of one service of a user's compose file: which are known and published, and why its network cannot be broken.

Pure, like `judge.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["PORTS", "ImagePorts", "Published", "known_ports", "not_proxied", "published_ports", "udp"]

PORTS = "blackstart.ports"

ImagePorts = Callable[[str], Sequence[str] | None]
"""The ports that an image says it listens on ("5432/tcp"); None when it is not here yet."""


@dataclass(frozen=True, slots=True)
class Published:
    """A port of the file's own `ports`: of which container port, over what, and where the user has it."""

    target: int
    protocol: str
    where: str


def published_ports(raw: Mapping[str, Any]) -> Iterator[Published]:
    for port in raw.get("ports") or []:
        host = port.get("host_ip") or "0.0.0.0"
        where = f"{host}:{port['published']}" if port.get("published") else f"{host}, any port"
        yield Published(int(port["target"]), port.get("protocol", "tcp"), where)


def known_ports(
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
    for port in [*exposed, *((image and image_ports(image)) or ())]:
        number, _, protocol = port.partition("/")
        if protocol in ("", "tcp") and number.isdecimal():
            found.append(int(number))
    return tuple(dict.fromkeys(found)), []


def not_proxied(
    raw: Mapping[str, Any],
    config: Mapping[str, Any],
    ports: Sequence[int],
    published: Sequence[Published],
    here: bool,
) -> Iterator[str]:
    """Why its network cannot be broken. `here`: its image is."""
    mode = str(raw.get("network_mode", ""))
    if mode.startswith("service:"):
        yield f"it shares the network of {mode.removeprefix('service:')}: label that one for faults of the network"
    elif mode == "none":
        yield "it has no network"
    elif mode:
        return  # the whole file is refused for it
    elif not ports and any(port.protocol == "udp" for port in published):
        yield "its only ports are UDP, which the proxy does not carry; no fault of the network reaches it"
    elif not ports and not here:
        get = "build" if raw.get("build") else "pull"
        yield (
            f"its image {raw['image']} is not here, so its ports are not known: docker compose {get} gets it, "
            f'or add the label {PORTS}: "5432"'
        )
    elif not ports and raw.get("build") and not raw.get("image"):
        yield f'it is built here, so the ports of its image are not known; add the label {PORTS}: "5432"'
    elif not ports:
        yield f'its ports are not known (no expose, no ports, none in its image); add the label {PORTS}: "5432"'
    elif not _reachable(raw, config):
        yield "it is on internal networks alone: docker publishes nothing there, so its proxy takes no orders"


def _reachable(raw: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    networks = config.get("networks") or {}
    own = raw.get("networks") or {"default": None}
    return any(not (networks.get(name) or {}).get("internal") for name in own)


def udp(published: Sequence[Published]) -> Iterator[str]:
    for port in published:
        if port.protocol != "tcp":
            yield f"its port {port.target}/{port.protocol} is not carried by the proxy: no fault of the network reaches it"
