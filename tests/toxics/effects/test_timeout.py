from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.toxics.conftest import Line


def test_bytes_are_dropped_and_then_it_closes(line: Line) -> None:
    line.add("timeout", at=10, timeout=400)
    line.send(b"lost", 20)
    line.run(409)
    assert line.arrived == []
    line.run(410)
    assert line.arrived == [(410, "close")]


def test_whoever_goes_on_sending_is_closed_too(line: Line) -> None:
    """Toxiproxy begins to wait anew at each piece, and never closes this one."""
    line.add("timeout", timeout=400)
    for number in range(10):
        line.send(b"x", number * 100)
    assert line.arrived == [(400, "close")]


def test_zero_never_closes(line: Line) -> None:
    line.add("timeout", timeout=0)
    line.send(b"lost", 0)
    line.run(86_400_000)
    assert line.arrived == []
    assert line.chain.next_due() is None
    assert line.chain.room()


def test_the_end_passes(line: Line) -> None:
    line.add("timeout", timeout=0)
    line.send(b"lost", 0)
    line.end(5)
    assert line.arrived == [(5, "end")]


def test_removal_closes(line: Line) -> None:
    toxic = line.add("timeout", timeout=0)
    line.send(b"lost", 0)
    line.remove(toxic, 7)
    assert line.arrived == [(7, "close")]


def test_a_new_time_counts_from_the_beginning(line: Line) -> None:
    toxic = line.add("timeout", timeout=0)
    line.change(toxic, 100, timeout=300)
    line.run(1_000)
    assert line.arrived == [(300, "close")]
