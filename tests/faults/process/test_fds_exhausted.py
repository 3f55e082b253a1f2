from __future__ import annotations

import resource
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.process.fds_exhausted import ProcessFdsExhausted
from blackstart.faults.process.standing import soft_limit
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

FAULT = ProcessFdsExhausted()

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, restarted: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "registry", fix=restarted("registry"), another=another)


@pytest.mark.replica
@pytest.mark.parametrize("component", ["vault", "dns", "resolver", "payments"])
def test_on_every_kind(breaks_and_heals: Callable[[Fault, str], None], component: str) -> None:
    breaks_and_heals(FAULT, component)


@pytest.mark.replica
def test_vault_says_why_in_its_log(replica: LocalReplica, broken: Callable[[Fault, str], Undo]) -> None:
    said = "accept4: too many open files"
    before = replica.log("vault").read_text("utf-8").count(said)
    undo = broken(FAULT, "vault")
    try:
        assert wait_until(lambda: replica.log("vault").read_text("utf-8").count(said) > before, LIMIT_S)
    finally:
        FAULT.heal(replica, "vault", undo)


@pytest.mark.replica
def test_name_servers_answer_over_udp_still(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    undo = broken(FAULT, "dns")
    try:
        assert next(probe for probe in replica.probes() if probe.name == "dns").read().state == "green"
    finally:
        FAULT.heal(replica, "dns", undo)


@pytest.mark.replica
def test_the_versions_of_a_service_are_limited_too(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    assert wait_until(lambda: len(replica.pids("orders")) == 2, LIMIT_S), "one that was replaced has gone"
    pids = replica.pids("orders")
    undo = broken(FAULT, "orders")
    assert [soft_limit(pid, resource.RLIMIT_NOFILE) for pid in pids] == [3, 3]
    FAULT.heal(replica, "orders", undo)
    assert [soft_limit(pid, resource.RLIMIT_NOFILE) for pid in pids] == [undo["soft"]] * 2
