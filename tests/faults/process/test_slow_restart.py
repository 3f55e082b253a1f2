from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.process.slow_restart import ProcessSlowRestart
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

FAULT = ProcessSlowRestart()

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("component", ["vault", "payments"])
def test_it_keeps_its_contract(
    replica: LocalReplica, restarted: Fixing, another: Callable[[], LocalReplica], component: str
) -> None:
    prove_fault(FAULT, replica, component, fix=restarted(component), another=another)


@pytest.mark.replica
@pytest.mark.parametrize("component", ["dns", "resolver", "registry"])
def test_on_every_kind(breaks_and_heals: Callable[[Fault, str], None], component: str) -> None:
    breaks_and_heals(FAULT, component)


@pytest.mark.replica
def test_its_time_is_over_some_day(
    replica: LocalReplica,
    broken: Callable[[Fault, str], Undo],
    turns: Callable[[Fault, str, str], None],
) -> None:
    fault = ProcessSlowRestart.model_validate({"delay": "5m"})
    undo = broken(fault, "vault")
    assert replica.running("vault"), "a process stands in its place"
    assert wait_until(lambda: replica.log("vault").read_text("utf-8").endswith("starting\n"), LIMIT_S)
    (up,) = fault.moves(replica, "vault", undo)
    assert (up.after_s, up.name, up.ends, up.off) == (300.0, "comes up at last", True, False)
    up.do()
    assert not fault.gone(replica, "vault", undo), "the engine heals what ends: nobody mended it"
    fault.heal(replica, "vault", undo)
    turns(fault, "vault", "green")
    pid = replica.components()["vault"].pid
    fault.heal(replica, "vault", undo)
    assert replica.components()["vault"].pid == pid, "one that is up is left alone"
