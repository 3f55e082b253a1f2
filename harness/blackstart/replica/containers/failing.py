"""Why `docker compose up` failed, where no container of it tells: what compose said, and the next move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.errors import ReplicaError
from blackstart.replica.containers.engine import TAKEN, PortInUse, SubnetInUse

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

__all__ = ["last_word", "port_in_use", "told_by_compose"]

_OVERLAPS = ("Pool overlaps with other one on this address space", "networks have overlapping IPv4")
"""Docker says it as it takes the addresses, or as it makes the bridge."""

_NO_MORE_SUBNETS = ("could not find an available", "all predefined address pools have been fully subnetted")

_NO_ROOM = "no space left on device"


def port_in_use(output: str) -> PortInUse | None:
    """When a port is what failed."""
    if not any(words in output for words in TAKEN):
        return None
    return PortInUse(
        f"a port that the project publishes is taken: {last_word(output)}",
        hint="`docker ps` and `ss -ltnp` say by whom; end that, or choose another port",
    )


def told_by_compose(
    output: str, engine: Engine, config: Mapping[str, Any], files: Sequence[Path]
) -> ReplicaError:
    """Compose's last words, in ours where they are known."""
    if any(words in output for words in _OVERLAPS):
        return _overlapping(engine, config)
    last = last_word(output)
    if any(words in output for words in _NO_MORE_SUBNETS):
        return ReplicaError(
            f"docker has no subnet left for another network: {last}",
            hint="`docker network ls` shows them, `docker network prune` removes those that nobody uses",
        )
    if _NO_ROOM in output:
        return ReplicaError(
            f"the disk of docker is full: {last}",
            hint="`docker system df` shows what takes room, `docker image prune` removes images that nobody uses",
        )
    return ReplicaError(
        f"docker compose up: {last}",
        hint=f"the same by hand: docker compose {' '.join(f'-f {file}' for file in files)} up; "
        "all that compose said is in the drill's folder: logs/compose-up.log",
    )


def last_word(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it fails without a word"


def _overlapping(engine: Engine, config: Mapping[str, Any]) -> SubnetInUse:
    """Docker names neither network: both are looked for."""
    listed = engine.client.api.networks()
    met = [
        f"{network} has {subnet}, and {taken} is {other}'s"
        for network, subnet in _fixed(config)
        for other, taken in _given(listed)
        if _overlap(subnet, taken)
    ]
    return SubnetInUse(
        "the compose file fixes a subnet of a network that another network of this machine has: "
        + ("; ".join(met) or "which one, docker does not say"),
        hint="remove that network (docker network rm NAME) when nobody needs it, "
        "or take the `subnet` out of the compose file: docker chooses a free one",
    )


def _fixed(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The networks of a compose file with the subnets that it fixes."""
    for name, network in (config.get("networks") or {}).items():
        for each in ((network or {}).get("ipam") or {}).get("config") or []:
            if each.get("subnet"):
                yield str(name), str(each["subnet"])


def _given(listed: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Docker's networks with the subnets that they have."""
    for network in listed:
        for each in (network.get("IPAM") or {}).get("Config") or []:
            yield str(network["Name"]), str(each.get("Subnet", ""))


def _overlap(one: str, other: str) -> bool:
    try:
        left, right = ip_network(one, strict=False), ip_network(other, strict=False)
    except ValueError:
        return False
    return left.version == right.version and left.overlaps(right)
