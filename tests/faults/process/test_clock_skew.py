from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.clock import SystemTime
from blackstart.faults.contract import prove_fault
from blackstart.faults.process.clock_skew import ProcessClockSkew
from blackstart.faults.registry.storage import store_of
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

AHEAD = ProcessClockSkew()
BEHIND = ProcessClockSkew.model_validate({"by": "2h", "direction": "behind"})

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("component", ["registry", "payments"])
def test_it_keeps_its_contract(
    replica: LocalReplica, restarted: Fixing, another: Callable[[], LocalReplica], component: str
) -> None:
    prove_fault(AHEAD, replica, component, fix=restarted(component), another=another)


@pytest.mark.replica
@pytest.mark.parametrize(("fault", "side"), [(AHEAD, "ahead"), (BEHIND, "behind")])
def test_the_probe_says_by_how_much(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo], fault: ProcessClockSkew, side: str
) -> None:
    undo = broken(fault, "registry")
    try:
        reason = fault.probe(replica, "registry").read().reason
        off = re.fullmatch(rf"its clock is (\d+) s {side}", reason)
        assert off, reason
        assert round(int(off[1]) / 600) * 600 == fault.by, "the Date has whole seconds, and asking takes time"
    finally:
        fault.heal(replica, "registry", undo)


@pytest.mark.replica
def test_everything_works_on_with_a_wrong_clock(
    replica: LocalReplica,
    broken: Callable[[Fault, str], Undo],
    people: Callable[[str], str],
    complaints: Callable[[], dict[str, str]],
) -> None:
    undo = broken(AHEAD, "registry")
    try:
        assert wait_until(lambda: "deployed" in people("deploy orders"), 30.0)
        assert complaints() == {}
    finally:
        AHEAD.heal(replica, "registry", undo)


@pytest.mark.replica
def test_a_registry_that_is_ahead_takes_accounts_for_expired(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo], people: Callable[[str], str]
) -> None:
    """An account that is good for an hour more, by a clock that is a day ahead."""
    store = store_of(replica, "registry")
    store.expire({"orders": (SystemTime().now().wall + timedelta(hours=1)).isoformat()})
    fault = ProcessClockSkew.model_validate({"by": "1d"})
    try:
        assert "deployed" in people("deploy orders")
        undo = broken(fault, "registry")
        assert "FAIL pull token: 401" in people("deploy orders")
        fault.heal(replica, "registry", undo)
        assert "deployed" in people("deploy orders")
    finally:
        fault.heal(replica, "registry", {})
        store.expire({"orders": None})


@pytest.mark.parametrize("given", [{"by": "5s"}, {"by": "0s"}, {"direction": "sideways"}])
def test_what_no_probe_would_see_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ProcessClockSkew.model_validate(given)


def test_it_is_for_what_runs_on_python_and_tells_the_time() -> None:
    assert AHEAD.kinds == ("registry", "workload")
