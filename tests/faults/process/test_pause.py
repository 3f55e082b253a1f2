from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.process.pause import ProcessPause
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

FAULT = ProcessPause()

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
def test_people_let_every_process_of_it_go_on(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo], people: Callable[[str], str]
) -> None:
    undo = broken(FAULT, "search")
    supervisor, *versions = replica.pids("search")
    people(f"kill -CONT {supervisor}")
    assert not FAULT.gone(replica, "search", undo), "the version that serves is stopped still"
    people(f"kill -CONT {' '.join(map(str, versions))}")
    assert wait_until(lambda: FAULT.gone(replica, "search", undo), LIMIT_S)
    FAULT.heal(replica, "search", undo)


@pytest.mark.replica
def test_one_that_died_while_it_hung_is_started(
    replica: LocalReplica,
    broken: Callable[[Fault, str], Undo],
    turns: Callable[[Fault, str, str], None],
) -> None:
    undo = broken(FAULT, "dns")
    replica.kill("dns")
    assert not FAULT.gone(replica, "dns", undo), "it serves nobody"
    FAULT.heal(replica, "dns", undo)
    turns(FAULT, "dns", "green")


@pytest.mark.replica
def test_one_that_hangs_already_is_refused(replica: LocalReplica) -> None:
    replica.pause("dns")
    try:
        with pytest.raises(ReplicaError, match=r"^dns is paused already: "):
            FAULT.prepare(replica, "dns")
    finally:
        replica.resume("dns")


@pytest.mark.replica
def test_one_that_does_not_run_cannot_hang(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "dns")
    replica.kill("dns")
    try:
        with pytest.raises(ReplicaError, match=r"^dns does not run: there is nothing to pause$"):
            FAULT.inject(replica, "dns", undo)
    finally:
        FAULT.heal(replica, "dns", undo)
