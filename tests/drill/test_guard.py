"""Guard conditions: judged on the grid, forgiven when the probe turns green before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from blackstart.drill.guard import Guard
from blackstart.drill.signals import Interrupted
from blackstart.events import ProbeChanged
from blackstart.scenario import AbortWhen

if TYPE_CHECKING:
    from tests.drill.conftest import Stand

State = Literal["green", "red"]


@pytest.fixture
def guarded(stand: Stand) -> Stand:
    guard = Guard([AbortWhen(probe="ship", red_for="5m")], stand.conductor)  # type: ignore[arg-type]  # as it is written
    stand.conductor.listeners.append(guard.on_event)
    return stand


def turn(stand: Stand, state: State, at: float) -> None:
    stand.conductor.at(at, "turn", lambda: emit(stand, state))


def emit(stand: Stand, state: State) -> None:
    stand.conductor.emit(ProbeChanged("ship", state, "", 0.0), actor="ship", source="probe")


def test_red_for_long_enough_ends_the_drill(guarded: Stand) -> None:
    turn(guarded, "red", 10)
    with pytest.raises(Interrupted, match="ship was red for 300 s") as ended:
        guarded.conductor.run_until(lambda: False, 3600)
    assert guarded.conductor.now() == 315, "310 s is no instant of the grid"
    assert ended.value.how == "guard"


def test_green_in_between_begins_anew(guarded: Stand) -> None:
    turn(guarded, "red", 0)
    turn(guarded, "green", 200)
    turn(guarded, "red", 250)
    with pytest.raises(Interrupted):
        guarded.conductor.run_until(lambda: False, 3600)
    assert guarded.conductor.now() == 555


def test_other_probes_are_not_guarded(guarded: Stand) -> None:
    guarded.conductor.emit(ProbeChanged("vault", "red", "", 0.0), actor="vault", source="probe")
    assert not guarded.conductor.run_until(lambda: False, 3600)
