"""Where everything of one start of the local replica is: ports, orders' token, and how each server is launched."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.replica.asking import AskingProbe
from blackstart.replica.components import dns, registry, vault, workload
from blackstart.replica.components.workload import Service
from blackstart.replica.layout import CANARY, COMPONENTS, HOST, PROBE_ROLE, TEAMS, ZONE, Address
from blackstart.replica.ports import free_ports
from blackstart.replica.programs.dnsclient import find_service

if TYPE_CHECKING:
    from blackstart.replica.base import Probe
    from blackstart.replica.components.vault_seed import Seed
    from blackstart.replica.servers import Launch

__all__ = ["Site"]


@dataclass(frozen=True, slots=True)
class Site:
    """The addresses of one start. A component that is started again keeps its own."""

    at: Mapping[str, Address]
    services: Mapping[str, Service]
    vault_cluster_port: int

    @classmethod
    def choose(cls) -> Site:
        """Free ports for everything. ReplicaError when there are not enough."""
        named, controlled = (*COMPONENTS, CANARY), (*TEAMS, CANARY)
        ports = iter(free_ports(len(named) + len(controlled) + 1))
        at = {name: (HOST, next(ports)) for name in named}
        token = secrets.token_hex(16)
        services = {name: Service(name, at[name], (HOST, next(ports)), token) for name in controlled}
        return cls(at, services, next(ports))

    def launches(self, data: Path, seed: Seed, env: Mapping[str, str]) -> dict[str, Launch]:
        """How to start every server; its settings are written into its folder under `data`."""
        at = self.at
        known = {name: at[name] for name in ("vault", "registry", *TEAMS)}
        return {
            "vault": vault.launch(data / "vault", at["vault"][1], self.vault_cluster_port, env),
            "dns": dns.authority(data / "dns", at["dns"][1], known, env),
            "resolver": dns.resolver(data / "resolver", at["resolver"][1], at["dns"], env),
            "registry": registry.launch(data / "registry", at["registry"][1], seed.pull_passwords, env),
            **{name: self.service_launch(name, data, seed, env, wait=True) for name in self.services},
        }

    def service_launch(
        self, name: str, data: Path, seed: Seed, env: Mapping[str, str], *, wait: bool
    ) -> Launch:
        """How to start a service's supervisor. `wait`: it starts nothing before its first order."""
        needs = workload.needs_of(name, ZONE, self.at["resolver"], seed.roles[name])
        return workload.launch(data / name, self.services[name], needs, env, wait=wait)

    def probes(self, seed: Seed) -> tuple[Probe, ...]:
        """Every probe, in the order in which they are declared and recorded."""
        return (*self._component_probes(seed), *self._capability_probes(seed), *map(self._serving, TEAMS))

    def _component_probes(self, seed: Seed) -> tuple[Probe, ...]:
        at, role, reader = self.at, seed.roles[PROBE_ROLE], (CANARY, seed.pull_passwords[CANARY])
        return (
            AskingProbe("vault", "component", "vault", lambda s: vault.check_login(at["vault"], role, s)),
            AskingProbe("dns", "component", "dns", lambda s: dns.check_authority(at["dns"], s)),
            AskingProbe("resolver", "component", "resolver", lambda s: dns.check_resolver(at["resolver"], s)),
            AskingProbe(
                "registry",
                "component",
                "registry",
                lambda s: registry.check_pull(at["registry"], *reader, s),
                answers=2,
            ),
        )

    def _capability_probes(self, seed: Seed) -> tuple[Probe, ...]:
        resolver, role, canary = self.at["resolver"], seed.roles[PROBE_ROLE], self.services[CANARY]

        def authenticate(each_s: float) -> None:
            found = find_service(resolver, dns.VAULT_SERVICE, timeout_s=each_s)
            vault.check_login(found, role, each_s)

        return (
            AskingProbe("ship", "capability", "ship", lambda s: workload.check_ship(canary, s)),
            AskingProbe("authenticate", "capability", "authenticate", authenticate, answers=2),
        )

    def _serving(self, team: str) -> Probe:
        service = self.services[team]
        return AskingProbe(
            f"{team}-serving", "team", team, lambda s: workload.check_serving(service, s), answers=2
        )
