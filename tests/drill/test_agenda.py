"""What is to happen comes in order of time, first come first served within one instant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.drill.agenda import Agenda


def nothing() -> None:
    pass


def test_empty_agenda_has_no_next() -> None:
    agenda = Agenda()
    assert agenda.next_s() is None
    with pytest.raises(IndexError):
        agenda.take()


def test_one_instant_is_first_come_first_served() -> None:
    agenda = Agenda()
    for name in ("first", "second", "third"):
        agenda.at(60.0, name, nothing)
    assert [agenda.take().name for _ in range(3)] == ["first", "second", "third"]


@given(st.lists(st.floats(0, 10_000)))
def test_actions_come_in_order_of_time(instants: list[float]) -> None:
    agenda = Agenda()
    for instant in instants:
        agenda.at(instant, "x", nothing)
    taken = [agenda.take().drill_s for _ in instants]
    assert taken == sorted(instants)


def test_clear_forgets_everything() -> None:
    agenda = Agenda()
    agenda.at(1.0, "x", nothing)
    agenda.clear()
    assert agenda.next_s() is None
