from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.errors import ReplicaError
from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.process.crash_loop import ProcessCrashLoop
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

FAULT = ProcessCrashLoop()
QUICK = ProcessCrashLoop.model_validate({"alive": "0.1s", "pause": "60s"})

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("component", ["vault", "registry"])
def test_it_keeps_its_contract(
    replica: LocalReplica, restarted: Fixing, another: Callable[[], LocalReplica], component: str
) -> None:
    prove_fault(QUICK, replica, component, fix=restarted(component), another=another)


@pytest.mark.replica
@pytest.mark.parametrize("component", ["dns", "resolver", "payments"])
def test_on_every_kind(breaks_and_heals: Callable[[Fault, str], None], component: str) -> None:
    breaks_and_heals(QUICK, component)


@pytest.mark.replica
def test_the_real_server_lives_and_dies_again_and_again(
    replica: LocalReplica,
    broken: Callable[[Fault, str], Undo],
    turns: Callable[[Fault, str, str], None],
) -> None:
    """A name server does not mind: it answers each time it lives."""
    patient = ProcessCrashLoop.model_validate({"alive": "2s", "pause": "1.5s"})
    starts = _starts(replica)
    undo = broken(patient, "dns")
    for state in ("green", "red", "green"):
        turns(patient, "dns", state)
        assert not patient.gone(replica, "dns", undo)
    assert wait_until(lambda: _starts(replica) >= starts + 2, LIMIT_S)
    patient.heal(replica, "dns", undo)
    assert len(replica.pids("dns")) == 1, "what restarted it is gone"


def _starts(replica: LocalReplica) -> int:
    return replica.log("dns").read_text("utf-8").count("listening on")


@pytest.mark.replica
def test_what_a_service_forked_dies_with_it(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    patient = ProcessCrashLoop.model_validate({"alive": "2s", "pause": "1.5s"})
    undo = broken(patient, "search")
    restarting = replica.components()["search"].pid
    assert wait_until(lambda: len(replica.pids("search")) > 2, LIMIT_S), "the supervisor, and a version of it"
    assert wait_until(lambda: list(replica.pids("search")) == [restarting], LIMIT_S)
    patient.heal(replica, "search", undo)


@pytest.mark.replica
def test_nothing_of_it_is_left_when_the_component_is_ended(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    undo = broken(QUICK, "dns")
    replica.stop("dns")
    assert list(replica.pids("dns")) == []
    assert not QUICK.gone(replica, "dns", undo)
    QUICK.heal(replica, "dns", undo)
    assert QUICK.gone(replica, "dns", undo)


@pytest.mark.replica
def test_one_that_is_in_a_loop_already_is_refused(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    undo = broken(QUICK, "dns")
    try:
        with pytest.raises(ReplicaError, match=r"^dns runs under restarting.py already$"):
            FAULT.prepare(replica, "dns")
    finally:
        QUICK.heal(replica, "dns", undo)


@pytest.mark.parametrize("given", [{"alive": "0s"}, {"alive": "1m"}, {"pause": "1s"}, {"pause": "1h"}])
def test_times_out_of_range_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ProcessCrashLoop.model_validate(given)
