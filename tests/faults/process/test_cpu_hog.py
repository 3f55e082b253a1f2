from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.errors import ReplicaError
from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.process.cpu_hog import ProcessCpuHog, hogs
from blackstart.replica.waiting import wait_until
from blackstart.watchdog import processes

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

FAULT = ProcessCpuHog()
QUICK = ProcessCpuHog.model_validate({"share": 0.1, "period": "0.5s", "threshold": "0.1s"})
HARDLY = ProcessCpuHog.model_validate({"share": 0.00001, "period": "10s"})
"""Whenever one looks, the component stands still."""

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, restarted: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "dns", fix=restarted("dns"), another=another)
    assert hogs(replica, "dns") == []


@pytest.mark.replica
@pytest.mark.parametrize("component", ["vault", "resolver", "registry", "payments"])
def test_on_every_kind(
    replica: LocalReplica, breaks_and_heals: Callable[[Fault, str], None], component: str
) -> None:
    breaks_and_heals(QUICK, component)
    assert hogs(replica, component) == []
    assert not replica.paused(component)


@pytest.mark.replica
def test_people_end_the_hog(
    replica: LocalReplica,
    broken: Callable[[Fault, str], Undo],
    people: Callable[[str], str],
    turns: Callable[[Fault, str, str], None],
) -> None:
    undo = broken(QUICK, "dns")
    (hog,) = hogs(replica, "dns")
    people(f"kill {hog}")
    assert wait_until(lambda: QUICK.gone(replica, "dns", undo), LIMIT_S), "it lets it go on before it ends"
    turns(QUICK, "dns", "green")
    QUICK.heal(replica, "dns", undo)


@pytest.mark.replica
def test_the_watchdog_would_find_it_and_the_component_is_not_it(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    undo = broken(QUICK, "dns")
    try:
        (hog,) = hogs(replica, "dns")
        assert hog in processes(replica.label)
        assert hog not in replica.pids("dns")
        assert os.getpgid(hog) not in {os.getpgid(pid) for pid in replica.pids("dns")}
    finally:
        QUICK.heal(replica, "dns", undo)


@pytest.mark.replica
def test_injected_again_there_is_still_one(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    undo = broken(QUICK, "dns")
    (first,) = hogs(replica, "dns")
    larger = ProcessCpuHog.model_validate({"period": "3s"})
    larger.inject(replica, "dns", undo)
    (second,) = hogs(replica, "dns")
    assert first != second
    QUICK.heal(replica, "dns", undo)


@pytest.mark.replica
def test_killed_hogs_leave_a_component_that_healing_lets_go_on(
    replica: LocalReplica,
    broken: Callable[[Fault, str], Undo],
    people: Callable[[str], str],
    turns: Callable[[Fault, str, str], None],
) -> None:
    undo = broken(HARDLY, "dns")
    (hog,) = hogs(replica, "dns")
    assert wait_until(lambda: replica.paused("dns"), LIMIT_S)
    people(f"kill -KILL {hog}")
    assert not HARDLY.gone(replica, "dns", undo)
    HARDLY.heal(replica, "dns", undo)
    assert not replica.paused("dns")
    turns(HARDLY, "dns", "green")


@pytest.mark.replica
def test_one_whose_cpu_is_taken_already_is_refused(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo]
) -> None:
    undo = broken(QUICK, "dns")
    try:
        with pytest.raises(ReplicaError, match=r"^somebody takes the CPU of dns already$"):
            QUICK.prepare(replica, "dns")
    finally:
        QUICK.heal(replica, "dns", undo)


@pytest.mark.replica
def test_one_that_does_not_run_is_refused(replica: LocalReplica) -> None:
    undo = QUICK.prepare(replica, "dns")
    replica.kill("dns")
    try:
        with pytest.raises(ReplicaError, match=r"^dns does not run in a process group of its own"):
            QUICK.inject(replica, "dns", undo)
    finally:
        QUICK.heal(replica, "dns", undo)


@pytest.mark.parametrize("given", [{"share": 0}, {"share": 0.9}, {"period": "1m"}, {"threshold": "0s"}])
def test_numbers_out_of_range_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ProcessCpuHog.model_validate(given)


def test_so_patient_a_probe_that_it_would_hardly_see_it_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"threshold must be at most half of the time .*, 0\.25 s here"):
        ProcessCpuHog.model_validate({"share": 0.5, "period": "1s", "threshold": "0.3s"})
