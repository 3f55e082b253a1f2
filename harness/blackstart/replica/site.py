"""Where everything of one start of the local replica is, and how each server is launched.

Every address that anybody is told is a link's: a listener of the fault proxy. The server itself listens behind it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.replica.components import dns, proxy, registry, vault, workload
from blackstart.replica.components.workload import Service
from blackstart.replica.layout import CANARY, CLIENTS, COMPONENTS, HOST, PROXY, TEAMS, ZONE, Address, endpoint
from blackstart.replica.ports import free_ports

if TYPE_CHECKING:
    from blackstart.replica.components.vault_keyring import Keyring
    from blackstart.replica.servers import Launch

__all__ = ["LINKS", "SERVICES", "Site", "deploy_link", "proxies_of"]

SERVICES = (*TEAMS, CANARY)


def deploy_link(service: str) -> str:
    """The name of the link to a service's supervisor."""
    return f"{service}-deploy"


LINKS = (*COMPONENTS, CANARY, *map(deploy_link, SERVICES))

NAME_SERVERS = ("dns", "resolver")


@dataclass(frozen=True, slots=True)
class Site:
    """The addresses of one start, by link: `at` is published, `behind` the server's own. They stay as they are."""

    at: Mapping[str, Address]
    behind: Mapping[str, Address]
    proxy: Address
    """Where the fault proxy takes orders."""
    vault_cluster_port: int
    token: str
    """Whoever orders a deploy has it."""
    inside: Mapping[str, Address] = field(default_factory=dict)
    """Where clients within the replica find a link, if that is not where this machine does."""
    toxiproxy: Address | None = None
    """Where a real Toxiproxy behind the fault proxy takes orders, if there is one (`toxics.links`)."""

    @classmethod
    def choose(cls) -> Site:
        """Free ports for everything. ReplicaError when there are not enough."""
        ports = iter(free_ports(2 * len(LINKS) + 2))
        at, behind = ({name: (HOST, next(ports)) for name in LINKS} for _ in range(2))
        return cls(at, behind, (HOST, next(ports)), next(ports), secrets.token_hex(16))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Site:
        """What `to_data` gave, read again. KeyError, TypeError or ValueError when it is something else."""
        at, behind = (
            {name: (str(host), int(port)) for name, (host, port) in data[key].items()}
            for key in ("at", "behind")
        )
        inside = {name: (str(host), int(port)) for name, (host, port) in data.get("inside", {}).items()}
        proxy = (str(data["proxy"][0]), int(data["proxy"][1]))
        back = data.get("toxiproxy")
        toxiproxy = None if back is None else (str(back[0]), int(back[1]))
        return cls(at, behind, proxy, int(data["vault_cluster_port"]), str(data["token"]), inside, toxiproxy)

    def to_data(self) -> dict[str, Any]:
        return {
            "at": dict(self.at),
            "behind": dict(self.behind),
            "proxy": self.proxy,
            "vault_cluster_port": self.vault_cluster_port,
            "token": self.token,
            "inside": dict(self.inside),
            "toxiproxy": self.toxiproxy,
        }

    def reached(self, address: Address) -> Address:
        """How this machine reaches what the replica's own names and records say: the same, unless it is inside only."""
        return next((self.at[name] for name, inside in self.inside.items() if inside == address), address)

    @property
    def services(self) -> dict[str, Service]:
        """Every service, and the canary, as the rest of the platform reaches it."""
        return {name: _service(name, self.at, self.token) for name in SERVICES}

    def itself(self, service: str) -> Service:
        """A service without anything before it."""
        return _service(service, self.behind, self.token)

    def proxies(self) -> list[dict[str, str]]:
        """Every proxy, as the fault proxy wants to be told of it."""
        found = [self._proxy(link, link, _protocol(link)) for link in LINKS]
        return [*found, *(self._proxy(f"{name}-udp", name, "udp") for name in NAME_SERVERS)]

    def _proxy(self, name: str, link: str, protocol: str) -> dict[str, str]:
        listen, upstream = endpoint(self.at[link]), endpoint(self.behind[link])
        return {"name": name, "listen": listen, "upstream": upstream, "protocol": protocol}

    def launches(self, data: Path, keys: Keyring, env: Mapping[str, str]) -> dict[str, Launch]:
        """How to start every server, the fault proxy first; its settings are written into its folder under `data`."""
        own = {name: address[1] for name, address in self.behind.items()}
        known = {name: self.at[name] for name in ("vault", "registry", *TEAMS)}
        return {
            PROXY: proxy.launch(data / PROXY, self.proxy, self.proxies(), env),
            "vault": vault.launch(
                data / "vault", own["vault"], self.vault_cluster_port, env, self.at["vault"]
            ),
            "dns": dns.authority(data / "dns", own["dns"], known, env),
            "resolver": dns.resolver(
                data / "resolver", own["resolver"], self.at["dns"], env, source=CLIENTS["resolver"]
            ),
            "registry": registry.launch(
                data / "registry", own["registry"], keys.pull_passwords, env, self.at["registry"]
            ),
            **{name: self._service_launch(name, data, keys, env) for name in SERVICES},
        }

    def _service_launch(self, name: str, data: Path, keys: Keyring, env: Mapping[str, str]) -> Launch:
        needs = workload.needs_of(name, ZONE, self.at["resolver"], keys.roles[name])
        return workload.launch(data / name, self.itself(name), needs, env)


def proxies_of(component: str) -> tuple[str, ...]:
    """The names of all proxies on the way to a component."""
    if component in NAME_SERVERS:
        return (component, f"{component}-udp")
    return (component, deploy_link(component)) if component in SERVICES else (component,)


def _protocol(link: str) -> str:
    """What a link over TCP carries, as far as the fault proxy understands it."""
    return "tcp" if link in NAME_SERVERS or link in map(deploy_link, SERVICES) else "http"


def _service(name: str, addresses: Mapping[str, Address], token: str) -> Service:
    return Service(name, addresses[name], addresses[deploy_link(name)], token)
