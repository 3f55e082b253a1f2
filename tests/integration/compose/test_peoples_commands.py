"""What people type on the compose replica mends what faults broke there: the same commands as on the embedded one."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.faults.catalogue import load
from blackstart.faults.contract import prove_fault
from blackstart.replica.programs.dns_tools import TTL_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blackstart.replica.compose import ComposeReplica

FIXES: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("dns.nxdomain", "dns", {}, ["zone set _vault._tcp SRV 0 0 8200 vault", "cache flush"]),
    ("dns.negative-cached", "resolver", {}, ["cache flush"]),
    ("dns.refused", "resolver", {"service": "all"}, ["policy remove resolver '*'"]),
    ("dns.stale-zone", "dns", {}, ["zone reload", "cache flush"]),
    ("dns.ttl-day", "dns", {}, ["zone ttl 30 vault _vault._tcp", "cache flush"]),
    ("registry.blob-missing", "registry", {}, ["images push payments"]),
    ("registry.credentials-expired", "registry", {}, ["images renew"]),
    ("registry.tag-moved", "registry", {}, ["images retag payments"]),
    ("vault.audit-blocked", "vault", {}, ["audit-log rotate"]),
]


@pytest.mark.parametrize(
    ("fault", "target", "parameters", "commands"), FIXES, ids=[each[0] for each in FIXES]
)
def test_people_mend_it_by_the_commands_that_it_names(
    stack: ComposeReplica, fault: str, target: str, parameters: dict[str, Any], commands: list[str]
) -> None:
    def fix() -> None:
        for command in commands:
            typed(stack, command)

    prove_fault(load(fault).model_validate(parameters), stack, target, fix=fix)


def typed(replica: ComposeReplica, command: str) -> str:
    """What a participant's command prints; AssertionError when it fails."""
    shell = replica.shell("ic-1")
    argv = [*shell.argv[:-1], "-c", command]
    done = subprocess.run(
        argv, env=dict(shell.env), cwd=shell.cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def test_jumped_time_ends_the_copies_of_the_resolver(stack: ComposeReplica) -> None:
    with copied(stack, "search", 3600) as there:
        stack.let_pass(3000)
        assert typed(stack, "resolve search").strip() == there
        stack.let_pass(600)
        assert typed(stack, "resolve search").strip() == "127.0.0.9"


@contextmanager
def copied(replica: ComposeReplica, name: str, seconds: int) -> Iterator[str]:
    """The resolver has a copy of a name's address for so long, from now on; the zone has another by now, 127.0.0.9."""
    typed(replica, f"zone ttl {seconds} {name}")
    typed(replica, "cache flush")
    there = typed(replica, f"resolve {name}").strip()
    typed(replica, f"zone set {name} A 127.0.0.9")
    try:
        yield there
    finally:
        typed(replica, f"zone set {name} A {there}")
        typed(replica, f"zone ttl {TTL_S} {name}")
        typed(replica, "cache flush")
