from __future__ import annotations

import re
import resource
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import prove_fault
from blackstart.faults.process.disk_full import ProcessDiskFull
from blackstart.faults.process.standing import soft_limit

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

FAULT = ProcessDiskFull()

Fixing = Callable[[str], Callable[[], None]]
People = Callable[[str], str]


@pytest.mark.replica
@pytest.mark.parametrize("component", ["vault", "registry"])
def test_it_keeps_its_contract(
    replica: LocalReplica, restarted: Fixing, another: Callable[[], LocalReplica], component: str
) -> None:
    prove_fault(FAULT, replica, component, fix=restarted(component), another=another)


@pytest.mark.replica
def test_vault_refuses_everything_that_it_cannot_audit(
    replica: LocalReplica,
    broken: Callable[[Fault, str], Undo],
    people: People,
    complaints: Callable[[], dict[str, str]],
) -> None:
    undo = broken(FAULT, "vault")
    audited = replica.log("vault").parent.parent / "data" / "vault" / "audit.log"
    size = audited.stat().st_size
    try:
        assert "500" in people("bao list sys/policies/acl")
        assert re.search(r"^Sealed\s+false$", people("bao status"), re.MULTILINE)
        assert complaints() == {
            "vault": "500 internal error",
            "ship": "login: 500 internal error",
            "authenticate": "500 internal error",
        }
        assert audited.stat().st_size == size
    finally:
        FAULT.heal(replica, "vault", undo)


@pytest.mark.replica
def test_the_registry_can_be_read(
    replica: LocalReplica,
    broken: Callable[[Fault, str], Undo],
    people: People,
    complaints: Callable[[], dict[str, str]],
) -> None:
    undo = broken(FAULT, "registry")
    try:
        assert "500" in people("images push orders")
        assert "deployed" in people("deploy orders")
        assert complaints() == {}
    finally:
        FAULT.heal(replica, "registry", undo)
    assert "500" not in people("images push orders")


@pytest.mark.replica
def test_every_process_gets_back_what_it_had(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    (pid,) = replica.pids("registry")
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    undo = broken(FAULT, "registry")
    assert resource.prlimit(pid, resource.RLIMIT_FSIZE) == (0, before[1])
    FAULT.heal(replica, "registry", undo)
    assert resource.prlimit(pid, resource.RLIMIT_FSIZE) == before


@pytest.mark.replica
def test_one_that_died_of_it_comes_back(
    replica: LocalReplica,
    broken: Callable[[Fault, str], Undo],
    turns: Callable[[Fault, str, str], None],
) -> None:
    undo = broken(FAULT, "vault")
    replica.kill("vault")
    assert not FAULT.gone(replica, "vault", undo)
    FAULT.heal(replica, "vault", undo)
    turns(FAULT, "vault", "green")
    (pid,) = replica.pids("vault")
    assert soft_limit(pid, resource.RLIMIT_FSIZE) == undo["soft"]


@pytest.mark.replica
def test_one_that_was_started_and_left_sealed_is_unsealed(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo], people: People
) -> None:
    undo = broken(FAULT, "vault")
    people("service restart vault")
    assert re.search(r"^Sealed\s+true$", people("bao status"), re.MULTILINE)
    FAULT.heal(replica, "vault", undo)
    assert re.search(r"^Sealed\s+false$", people("bao status"), re.MULTILINE)


@pytest.mark.replica
def test_one_that_cannot_write_already_is_refused(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    undo = broken(FAULT, "registry")
    try:
        with pytest.raises(ReplicaError, match=r"^registry has a limit of 0 already"):
            FAULT.prepare(replica, "registry")
    finally:
        FAULT.heal(replica, "registry", undo)


@pytest.mark.replica
def test_one_that_does_not_run_is_refused(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    replica.kill("registry")
    try:
        with pytest.raises(ReplicaError, match=r"^no process of registry runs: there is nothing to limit$"):
            FAULT.prepare(replica, "registry")
        with pytest.raises(ReplicaError, match=r"^no process of registry runs: process.disk-full cannot be"):
            FAULT.inject(replica, "registry", undo)
    finally:
        FAULT.heal(replica, "registry", undo)


def test_it_is_for_what_writes_while_it_serves() -> None:
    assert FAULT.kinds == ("vault", "registry")
