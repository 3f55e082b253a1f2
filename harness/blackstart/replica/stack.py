"""The compose file that ships with blackstart: where it is, and what it is told for one drill.

`docker-compose.yml` stands for itself: each variable has a default, for whoever starts it by hand. A drill gives every
variable a value of its own, so that drills run side by side. Beside a platform that was started by hand they could too,
but people could take one for the other: that is refused unless the plan allows it.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from typing import Any

from blackstart.errors import ReplicaError
from blackstart.replica.layout import CANARY, HOST, TEAMS, Address
from blackstart.replica.ports import free_ports
from blackstart.replica.site import LINKS, Site, deploy_link

__all__ = ["FILE", "Stack", "home", "images"]

FILE = "docker-compose.yml"

PROXY_HOST = 2
"""The last number of the proxy's address in the platform's network; the clients' follow in CLIENT_HOSTS."""

CLIENT_HOSTS = {"resolver": 12, "payments": 21, "orders": 22, "search": 23, CANARY: 24, "monitoring": 31}

GATEWAY_HOST = 1
"""Docker's own end of the network: what this machine calls a published port from."""

INSIDE_PORTS = {
    "vault": 8200,
    "registry": 5000,
    "dns": 10053,
    "resolver": 10054,
    **dict(zip((*TEAMS, CANARY), count(8081))),
    **dict(zip(map(deploy_link, (*TEAMS, CANARY)), count(9081))),
}
"""Where the proxy listens for each link, within the replica."""

APIS = ("proxy-api", "toxiproxy-api", "pager", "prometheus", "alertmanager")

NETWORKS = [ip_network(f"172.30.{third}.0/24") for third in range(255)]
"""What a drill's network is chosen from; the last of 172.30.0.0/16 is the default of those who start it by hand."""


def home() -> Path:
    """The folder with docker-compose.yml, `.env` and `compose/`. ReplicaError for an installation without them."""
    packaged, checkout = Path(__file__).parent / "stack", Path(__file__).parents[3]
    for folder in (packaged, checkout):
        if (folder / FILE).is_file():
            return folder
    raise ReplicaError(
        f"there is no {FILE} in {packaged} or {checkout}: the installation is not whole",
        hint="install blackstart again",
    )


def images() -> dict[str, str]:
    """By variable, those that `.env` pins; one of the environment wins, as it does with compose. ReplicaError as of `home`."""
    lines = (home() / ".env").read_text("utf-8").splitlines()
    pinned = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name: os.environ.get(name, image) for name, image in pinned.items()}


@dataclass(frozen=True, slots=True)
class Stack:
    """One start of the compose file: its network, and each port of this machine that something is published on."""

    network: str
    """The platform's network without the last number: "172.30.7"."""
    ports: Mapping[str, int]
    """By variable of the compose file."""
    token: str

    @classmethod
    def choose(cls, taken: Collection[str]) -> Stack:
        """Free ports, and a network that overlaps none of those in use. ReplicaError when there are not enough."""
        names = list(_port_variables())
        return cls(
            _free_network(taken), dict(zip(names, free_ports(len(names)), strict=True)), secrets.token_hex(16)
        )

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Stack:
        """What `to_data` gave. KeyError, TypeError or ValueError when it is something else."""
        ports = {str(name): int(port) for name, port in data["ports"].items()}
        return cls(str(data["network"]), ports, str(data["token"]))

    def to_data(self) -> dict[str, Any]:
        return {"network": self.network, "ports": dict(self.ports), "token": self.token}

    def host(self, number: int) -> str:
        return f"{self.network}.{number}"

    def variables(self) -> dict[str, str]:
        """For the compose file, as far as they are numbers."""
        ports = {name: str(port) for name, port in self.ports.items()}
        return {"BLACKSTART_NET": self.network, "BLACKSTART_TOKEN": self.token, **ports}

    def published(self, api: str) -> Address:
        """Where something that is no link is reached from this machine: one of APIS."""
        return HOST, self.ports[_variable("PORT", api)]

    @property
    def inside(self) -> dict[str, Address]:
        """Where clients within the replica find each link: at the proxy."""
        return {name: (self.host(PROXY_HOST), port) for name, port in INSIDE_PORTS.items()}

    @property
    def clients(self) -> dict[str, str]:
        """The address that each client calls from, as the proxy sees it: people and probes alike come from outside."""
        outside = self.host(GATEWAY_HOST)
        return {
            "people": outside,
            "probes": outside,
            **{name: self.host(number) for name, number in CLIENT_HOSTS.items() if name != "monitoring"},
        }

    @property
    def site(self) -> Site:
        at, behind = (
            {name: (HOST, self.ports[_variable(kind, name)]) for name in LINKS} for kind in ("PORT", "DIRECT")
        )
        return Site(
            at,
            behind,
            self.published("proxy-api"),
            0,
            self.token,
            {name: self.inside[name] for name in LINKS},
            self.published("toxiproxy-api"),
        )


def _variable(kind: str, link: str) -> str:
    return f"{kind}_{link.upper().replace('-', '_')}"


def _port_variables() -> Iterator[str]:
    for link in LINKS:
        yield _variable("PORT", link)
        yield _variable("DIRECT", link)
    yield from (_variable("PORT", api) for api in APIS)


def _free_network(taken: Collection[str]) -> str:
    used = [ip_network(each, strict=False) for each in taken]
    free = [each for each in NETWORKS if not any(each.overlaps(other) for other in used)]
    if not free:
        raise ReplicaError(
            "no network of 172.30.0.0/16 is free for a drill", hint="docker network prune removes unused ones"
        )
    return str(random.choice(free).network_address).rpartition(".")[0]
