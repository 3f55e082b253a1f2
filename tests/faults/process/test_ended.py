from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.process.kill import ProcessKill
from blackstart.faults.process.stop import ProcessStop
from blackstart.replica.layout import COMPONENTS
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
FAULTS = [ProcessStop(), ProcessKill()]


def all_green(replica: LocalReplica) -> bool:
    return all(probe.read().state == "green" for probe in replica.probes())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_parameters_that_it_does_not_have_are_refused(fault: ProcessStop | ProcessKill) -> None:
    with pytest.raises(ValidationError):
        type(fault).model_validate({"signal": "HUP"})


@pytest.mark.replica
@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_it_ends_a_component_and_healing_brings_it_back(
    replica: LocalReplica, fault: ProcessStop | ProcessKill, component: str
) -> None:
    undo = json.loads(json.dumps(fault.prepare(replica, component)))
    assert replica.running(component), "preparing touches nothing"
    fault.inject(replica, component, undo)
    assert not replica.running(component)
    assert not all_green(replica)
    fault.heal(replica, component, undo)
    assert wait_until(lambda: all_green(replica), LIMIT_S)
    pid = replica.components()[component].pid
    fault.heal(replica, component, undo)
    assert replica.components()[component].pid == pid, "healing again changes nothing"


@pytest.mark.replica
@pytest.mark.parametrize("component", ["vault", "dns", "payments"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_it_keeps_its_contract(
    replica: LocalReplica,
    started: Callable[[str], Callable[[], None]],
    another: Callable[[], LocalReplica],
    fault: ProcessStop | ProcessKill,
    component: str,
) -> None:
    prove_fault(fault, replica, component, fix=started(component), another=another)


@pytest.mark.replica
def test_healing_leaves_alone_what_people_started(replica: LocalReplica) -> None:
    fault = ProcessKill()
    undo = fault.prepare(replica, "dns")
    fault.inject(replica, "dns", undo)
    replica.start("dns")
    pid = replica.components()["dns"].pid
    fault.heal(replica, "dns", undo)
    assert replica.components()["dns"].pid == pid
