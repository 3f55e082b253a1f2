from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.process.memory_hog import ProcessMemoryHog
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.local import LocalReplica

FAULT = ProcessMemoryHog()

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("component", ["vault", "registry"])
def test_it_keeps_its_contract(
    replica: LocalReplica, restarted: Fixing, another: Callable[[], LocalReplica], component: str
) -> None:
    prove_fault(FAULT, replica, component, fix=restarted(component), another=another)


@pytest.mark.replica
@pytest.mark.parametrize("component", ["dns", "resolver", "payments"])
def test_on_every_kind(breaks_and_heals: Callable[[Fault, str], None], component: str) -> None:
    breaks_and_heals(FAULT, component)


@pytest.mark.replica
@pytest.mark.parametrize(
    ("component", "words"),
    [("vault", "bao ended with code -11"), ("dns", "MemoryError"), ("orders", "MemoryError")],
)
def test_each_start_dies_of_its_own_memory_error(
    replica: LocalReplica, broken: Callable[[Fault, str], Undo], component: str, words: str
) -> None:
    fault = ProcessMemoryHog.model_validate({"pause": "0.5s"})

    def deaths() -> int:
        return replica.log(component).read_text("utf-8", "replace").count(words)

    before = deaths()
    undo = broken(fault, component)
    try:
        assert wait_until(lambda: deaths() >= before + 2, LIMIT_S), replica.log(component).read_text()[-600:]
    finally:
        fault.heal(replica, component, undo)


@pytest.mark.parametrize("left", [0, 3, 17, 1024])
def test_so_much_that_nothing_would_be_seen_is_refused(left: int) -> None:
    with pytest.raises(ValidationError):
        ProcessMemoryHog(left=left)
