"""The standard probes of the local replica: each component, each capability, each team. They call from `PROBES`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.replica.asking import AskingProbe
from blackstart.replica.components import dns, registry, vault, workload
from blackstart.replica.layout import CANARY, PROBE_ROLE, PROBES, TEAMS
from blackstart.replica.programs.dnsclient import find_service

if TYPE_CHECKING:
    from blackstart.replica.base import Probe
    from blackstart.replica.components.vault_keyring import Keyring
    from blackstart.replica.site import Site

__all__ = ["standard_probes"]


def standard_probes(site: Site, keys: Keyring) -> tuple[Probe, ...]:
    """Every probe, in the order in which they are declared and recorded."""
    teams = (_serving(site, team) for team in TEAMS)
    return (*_component_probes(site, keys), *_capability_probes(site, keys), *teams)


def _component_probes(site: Site, keys: Keyring) -> tuple[Probe, ...]:
    at, role, reader = site.at, keys.roles[PROBE_ROLE], (CANARY, keys.pull_passwords[CANARY])
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


def _capability_probes(site: Site, keys: Keyring) -> tuple[Probe, ...]:
    resolver, role, canary = site.at["resolver"], keys.roles[PROBE_ROLE], site.services[CANARY]

    def authenticate(each_s: float) -> None:
        found = find_service(resolver, dns.VAULT_SERVICE, timeout_s=each_s, source=PROBES)
        vault.check_login(site.reached(found), role, each_s)

    return (
        AskingProbe("ship", "capability", "ship", lambda s: workload.check_ship(canary, s)),
        AskingProbe("authenticate", "capability", "authenticate", authenticate, answers=2),
    )


def _serving(site: Site, team: str) -> Probe:
    service = site.services[team]
    return AskingProbe(
        f"{team}-serving", "team", team, lambda s: workload.check_serving(service, s), answers=2
    )
