"""Taking a container off a network of its drill, and putting it back as it was: names, fixed address, and all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from blackstart.errors import ReplicaError
from blackstart.replica.containers.engine import DRILL

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.containers.found import Container

__all__ = ["Attachment", "of", "put_on", "take_off"]

Attachment = dict[str, Any]
"""Plain data: `network` (docker's name of it), `aliases`, `address` (empty: any), `links`."""


def of(container: Container) -> list[Attachment]:
    return [_attachment(container, name, end) for name, end in sorted(container.networks.items())]


def _attachment(container: Container, name: str, end: Mapping[str, Any]) -> Attachment:
    """Docker adds the container's own short id to the names by itself."""
    fixed = end.get("IPAMConfig") or {}
    return {
        "network": name,
        "aliases": [each for each in end.get("Aliases") or [] if each != container.id[:12]],
        "address": fixed.get("IPv4Address") or "",
        "address6": fixed.get("IPv6Address") or "",
        "links": list(end.get("Links") or []),
    }


def take_off(
    engine: Engine,
    container: Container,
    label: str,
    network: str,
    apart: Mapping[str, Attachment],
    keep: Callable[[Mapping[str, Attachment]], None],
) -> Attachment:
    """`apart` is what it was taken off before; `keep` makes the new one durable, before anything is done."""
    name = _name(container, network, apart)
    if name not in container.networks:
        return dict(apart[name])
    _see_ours(engine, name, label)
    found = _attachment(container, name, container.networks[name])
    keep({**apart, name: found})
    with engine.asked.doing(container.id, "disconnect"):
        engine.client.api.disconnect_container_from_network(container.id, name)
    return found


def put_on(engine: Engine, container: Container, label: str, attachment: Mapping[str, Any]) -> None:
    """An address is asked for only where its file fixes one: docker holds none for a container that is stopped, and one
    that was asked for once, and that another has by then, would keep the container from ever starting again.
    """
    name = str(attachment["network"])
    if name in container.networks:
        return
    _see_ours(engine, name, label)
    with engine.asked.doing(container.id, "connect"):
        engine.client.api.connect_container_to_network(
            container.id,
            name,
            ipv4_address=attachment.get("address") or None,
            ipv6_address=attachment.get("address6") or None,
            aliases=list(attachment.get("aliases") or []),
            links=[(name, alias) for name, _, alias in _links(attachment)],
        )


def _links(attachment: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [each.partition(":") for each in attachment.get("links") or []]


def _name(container: Container, network: str, apart: Mapping[str, Attachment]) -> str:
    """Docker's name of a network, for its own or the compose file's. ReplicaError when it is on no such network."""
    project = container.labels.get("com.docker.compose.project", "")
    for name in (network, f"{project}_{network}"):
        if name in container.networks or name in apart:
            return name
    raise ReplicaError(
        f"it is on no network {network!r}", hint=f"it is on: {', '.join(container.networks) or 'none'}"
    )


def _see_ours(engine: Engine, name: str, label: str) -> None:
    carried = (engine.client.api.inspect_network(name).get("Labels") or {}).get(DRILL)
    if carried != label:
        raise ReplicaError(
            f"the network {name} is not this drill's: its label {DRILL} is {carried!r}, not {label!r}; "
            "it is left alone"
        )
