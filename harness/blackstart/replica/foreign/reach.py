"""What of a user's compose file would reach beyond the drill: refused where it is real, warned of where it stays.

Pure, like `judge.py`: sentences about what compose makes of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

__all__ = ["file_refusals", "service_refusals", "warnings"]

SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")

CONTAINER = "container:"
"""Before the name of a container that compose did not make: who has it is no part of the file."""

OWN_DRIVER = "bridge"
BRIDGE = "com.docker.network.bridge.name"
"""Of a network that docker makes on this machine alone. A macvlan's containers stand in the real network."""

SHARED = ("network_mode", "pid", "ipc")
"""What a service can share with another's container."""

OF_THIS_MACHINE: Mapping[str, str] = {
    "pid": "it sees this machine's processes",
    "ipc": "it shares this machine's memory between processes",
    "uts": "it may rename this machine",
    "userns_mode": "its root is this machine's root",
    "cgroup": "it sees this machine's control groups",
}


# --- the whole file -------------------------------------------------------------------------------


def file_refusals(config: Mapping[str, Any]) -> Iterator[str]:
    """Networks and volumes that are not the drill's own, as sentences."""
    for section in ("networks", "volumes"):
        for name, raw in (config.get(section) or {}).items():
            if (raw or {}).get("external"):
                yield (
                    f"the {section[:-1]} {name} is external ({raw.get('name', name)}): it is somebody else's, "
                    "and a drill would reach what is real; give the drill a file with one of its own"
                )
    for name, raw in (config.get("networks") or {}).items():
        if (driver := (raw or {}).get("driver") or OWN_DRIVER) != OWN_DRIVER:
            yield (
                f"the network {name} has driver: {driver}: it leads out of this machine's docker, where a drill would "
                f"reach what is real; give the drill a file that has the network {name} without driver"
            )
        if bridge := ((raw or {}).get("driver_opts") or {}).get(BRIDGE):
            yield (
                f"the network {name} names the bridge of this machine that it is on ({BRIDGE}: {bridge}): something real "
                f"may be on it too; give the drill a file that has the network {name} without that driver_opts"
            )
    for name, raw in (config.get("volumes") or {}).items():
        if elsewhere := _elsewhere(raw or {}):
            yield (
                f"the volume {name} is kept elsewhere ({elsewhere}): a drill would write to what is real; "
                f"give the drill a file that has the volume {name} without driver and driver_opts"
            )


def _elsewhere(volume: Mapping[str, Any]) -> str:
    """What says that it lies outside of docker's own folder; empty for one that is the drill's, tmpfs too."""
    if (driver := volume.get("driver") or "local") != "local":
        return f"driver: {driver}"
    options = {key: str(value) for key, value in (volume.get("driver_opts") or {}).items()}
    if not options.get("device") or _in_memory(options):
        return ""
    return ", ".join(f"{key}: {value}" for key, value in options.items())


def _in_memory(options: Mapping[str, str]) -> bool:
    """With `bind` among its options the kernel mounts the device, whatever the type says."""
    flags = {flag.strip() for flag in options.get("o", "").split(",")}
    return options.get("type") == "tmpfs" and not flags & {"bind", "rbind"}


# --- one service ----------------------------------------------------------------------------------


def service_refusals(name: str, raw: Mapping[str, Any]) -> Iterator[str]:
    """What would touch more than the drill's own, as sentences."""
    mode = str(raw.get("network_mode") or "")
    if mode == "host":
        yield (
            f"{name} has network_mode: host: it listens on this machine's own addresses, where no proxy can stand "
            "before it and a drill would meet what is real; give it a network"
        )
    elif mode and mode != "none" and not mode.startswith(("service:", CONTAINER)):
        yield (
            f"{name} has network_mode: {mode}: containers that are no part of this file are on that network too, and "
            "a drill would reach what is real; leave it out, or give it a network of the file"
        )
    yield from (_no_part(name, key, str(raw[key])) for key in SHARED if _of_container(raw.get(key)))
    yield from (
        _no_part(name, "volumes_from", each) for each in raw.get("volumes_from") or [] if _of_container(each)
    )
    if raw.get("external_links"):
        yield f"{name} has external_links: they lead to containers that are no part of this file"
    if raw.get("provider"):
        yield (
            f"{name} has provider: {raw['provider'].get('type', '?')}: a program of this machine makes it, outside "
            "of docker, and no drill undoes what that does; give the drill a service with an image"
        )


def _of_container(value: object) -> bool:
    return str(value or "").startswith(CONTAINER)


def _no_part(name: str, key: str, value: str) -> str:
    return (
        f"{name} has {key}: {value}: that container is no part of this file, and a drill would reach what is real; "
        "share with a service of this file"
    )


def warnings(raw: Mapping[str, Any]) -> Iterator[str]:
    """What a service may do that stays when the drill is over, as sentences."""
    if raw.get("privileged"):
        yield "it is privileged: what it does to this machine, no drill undoes"
    for key, sees in OF_THIS_MACHINE.items():
        if raw.get(key) == "host":
            yield f"it has {key}: host: {sees}, and what it does there, no drill undoes"
    sources = [str(each.get("source", "")) for each in raw.get("volumes") or [] if each.get("type") == "bind"]
    if raw.get("use_api_socket") or any(map(_leads_to_docker, sources)):
        yield "it has docker's socket: what it makes by it carries no drill's label, and stays"
    for volume in raw.get("volumes") or []:
        source = str(volume.get("source", ""))
        if volume.get("type") == "bind" and not volume.get("read_only") and source not in SOCKETS:
            yield f"it may write to {source}, a folder of yours: what a drill makes it write there, stays"


def _leads_to_docker(source: str) -> bool:
    """The socket itself, or a folder that it is in."""
    return any(PurePosixPath(socket).is_relative_to(source) for socket in SOCKETS if source)
