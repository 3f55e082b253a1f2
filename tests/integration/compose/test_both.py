"""Every fault that works on the embedded and on the compose replica keeps its contract on both: one list of cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blackstart.faults.catalogue import load, names
from blackstart.faults.contract import prove_fault
from blackstart.replica.compose import ComposeReplica
from blackstart.replica.local import LocalReplica

if TYPE_CHECKING:
    from blackstart.faults.base import Fault

Case = tuple[str, str, dict[str, Any]]

CASES: list[Case] = [
    ("compose", "vault", {"parts": [{"fault": "vault.seal", "target": "vault"}]}),
    ("dns.empty", "dns", {}),
    ("dns.empty", "resolver", {"service": "all"}),
    ("dns.half-dead", "dns", {}),
    ("dns.negative-cached", "resolver", {}),
    ("dns.nxdomain", "dns", {}),
    ("dns.refused", "dns", {"service": "all"}),
    ("dns.refused", "resolver", {}),
    ("dns.resolver-dead", "resolver", {}),
    ("dns.servfail", "dns", {}),
    ("dns.servfail", "resolver", {}),
    ("dns.stale-zone", "dns", {}),
    ("dns.truncated", "resolver", {}),
    ("dns.ttl-day", "dns", {}),
    ("dns.ttl-zero", "dns", {}),
    ("dns.udp-dropped", "dns", {}),
    ("dns.wrong-address", "dns", {}),
    ("network.bandwidth", "vault", {}),
    ("network.cut", "registry", {}),
    ("network.down", "dns", {}),
    ("network.flapping", "registry", {}),
    ("network.jitter", "vault", {}),
    ("network.latency", "payments", {}),
    ("network.latency", "dns", {}),
    ("network.latency", "vault", {"clients": ["probes"]}),
    ("network.loss", "registry", {}),
    ("network.one-way", "vault", {}),
    ("network.reset", "vault", {}),
    ("network.slicer", "vault", {}),
    ("network.slow-close", "registry", {}),
    ("network.timeout", "vault", {}),
    ("process.kill", "registry", {}),
    ("process.kill", "vault", {}),
    ("process.kill", "payments", {}),
    ("process.pause", "vault", {}),
    ("process.stop", "dns", {}),
    ("registry.blob-missing", "registry", {}),
    ("registry.credentials-expired", "registry", {}),
    ("registry.errors", "registry", {}),
    ("registry.rate-limited", "registry", {}),
    ("registry.read-only", "registry", {}),
    ("registry.realm-down", "registry", {}),
    ("registry.slow-blobs", "registry", {}),
    ("registry.tag-moved", "registry", {}),
    ("vault.audit-blocked", "vault", {}),
    ("vault.auth-disabled", "vault", {}),
    ("vault.engine-unmounted", "vault", {}),
    ("vault.lease-cut", "vault", {}),
    ("vault.pki-expired", "vault", {}),
    ("vault.policy-narrowed", "vault", {}),
    ("vault.rate-limited", "vault", {}),
    ("vault.seal", "vault", {}),
    ("vault.secret-ids-revoked", "vault", {}),
    ("vault.secret-rotated", "vault", {}),
    ("vault.token-revoked", "vault", {}),
]
"""A fault, its target, and its parameters where the defaults are not what is to be tried."""

ON_CONTAINERS: list[Case] = [
    ("container.cpu-limit", "vault", {}),
    ("container.cpu-limit", "resolver", {}),
    ("container.cpu-limit", "payments", {}),
    ("container.disconnect", "vault", {}),
    ("container.disconnect", "resolver", {}),
    ("container.disk-full", "registry", {}),
    ("container.memory-limit", "vault", {}),
    ("container.memory-limit", "search", {}),
    ("container.restart-loop", "vault", {}),
    ("container.restart-loop", "orders", {"alive": "1s", "pause": "1.5s"}),
]
"""Those that only containers can have."""


def told(case: Case) -> str:
    return f"{case[0]} on {case[1]}"


def made(case: Case) -> Fault:
    return load(case[0]).model_validate(case[2])


def of(*replicas: str) -> set[str]:
    """The names of the faults that support all of these replicas."""
    return {name for name in names() if set(replicas) <= set(load(name).replicas)}


def test_every_fault_of_both_replicas_is_tried() -> None:
    assert {name for name, _, _ in CASES} == of("local", "compose")
    assert {name for name, _, _ in ON_CONTAINERS} == of("compose") - of("local")


@pytest.mark.replica
@pytest.mark.parametrize("case", CASES, ids=told)
def test_on_the_embedded_replica(shared_replica: LocalReplica, case: Case) -> None:
    def another() -> LocalReplica:
        return LocalReplica.attach(shared_replica.log("vault").parent.parent, shared_replica.label)

    prove_fault(made(case), shared_replica, case[1], another=another)


@pytest.mark.docker
@pytest.mark.parametrize("case", [*CASES, *ON_CONTAINERS], ids=told)
def test_on_the_compose_replica(stack: ComposeReplica, case: Case) -> None:
    def another() -> ComposeReplica:
        return ComposeReplica.attach(stack.keyring().parent.parent.parent, stack.label)

    prove_fault(made(case), stack, case[1], another=another)
