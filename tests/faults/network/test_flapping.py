from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import prove_fault
from blackstart.faults.network.flapping import NetworkFlapping

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = NetworkFlapping.model_validate({"down": "30s", "up": "1m", "times": 3})

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
@pytest.mark.parametrize("target", ["vault", "resolver"])
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica], target: str
) -> None:
    prove_fault(FAULT, replica, target, fix=fixing(f"network restore {target}"), another=another)


@pytest.mark.replica
def test_it_goes_up_and_down_and_is_not_gone_in_between(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    probe = next(probe for probe in replica.probes() if probe.name == "vault")
    try:
        back, again, *_ = FAULT.moves(replica, "vault", undo)
        back.do()
        assert probe.read().state == "green"
        assert not FAULT.gone(replica, "vault", undo), "it is only up between two times"
        again.do()
        again.do()
        assert probe.read().reason == "connection refused"
    finally:
        FAULT.heal(replica, "vault", undo)
    assert FAULT.gone(replica, "vault", undo)


@pytest.mark.replica
def test_what_people_mended_does_not_go_down_again(
    replica: LocalReplica, people: Callable[[str], str]
) -> None:
    undo = FAULT.prepare(replica, "vault")
    FAULT.inject(replica, "vault", undo)
    back, again, *_ = FAULT.moves(replica, "vault", undo)
    back.do()
    people("network restore vault")
    assert FAULT.gone(replica, "vault", undo)
    again.do()
    assert next(probe for probe in replica.probes() if probe.name == "vault").read().state == "green"


@pytest.mark.replica
def test_its_times(replica: LocalReplica) -> None:
    moves = FAULT.moves(replica, "vault", FAULT.prepare(replica, "vault"))
    assert [(move.after_s, move.off, move.ends) for move in moves] == [
        (30, True, False),
        (90, False, False),
        (120, True, False),
        (180, False, False),
        (210, False, True),
    ]


@pytest.mark.parametrize("params", [{"times": 1}, {"down": "0s"}, {"up": "2h"}])
def test_values_that_make_no_sense(params: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        NetworkFlapping.model_validate(params)
