from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.toxics.effects.base import CLOSE, END, RESET

if TYPE_CHECKING:
    from tests.toxics.conftest import Line


@pytest.mark.parametrize(("kind", "shown"), [(END, "end"), (CLOSE, "close"), (RESET, "reset")])
def test_bytes_pass_and_the_end_is_held(line: Line, kind: int, shown: str) -> None:
    line.add("slow_close", delay=700)
    line.send(b"a", 1)
    line.end(2, kind)
    line.run(701)
    assert line.arrived == [(1, b"a")]
    line.run(702)
    assert line.arrived == [(1, b"a"), (702, shown)]


def test_removal_lets_it_go(line: Line) -> None:
    toxic = line.add("slow_close", delay=700)
    line.end(0)
    line.remove(toxic, 5)
    assert line.arrived == [(5, "end")]


def test_a_new_delay_holds_for_an_end_that_waits(line: Line) -> None:
    toxic = line.add("slow_close", delay=700)
    line.end(0)
    line.change(toxic, 100, delay=200)
    line.run(1_000)
    assert line.arrived == [(200, "end")]
