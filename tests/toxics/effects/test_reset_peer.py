from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.toxics.conftest import Line


@pytest.mark.parametrize("timeout", [0, 100])
def test_so_long_after_the_first_piece(line: Line, timeout: int) -> None:
    line.add("reset_peer", timeout=timeout)
    line.run(50)
    assert line.arrived == []
    line.send(b"lost", 60)
    line.send(b"lost too", 61)
    line.run(10_000)
    assert line.arrived == [(60 + timeout, "reset")]


def test_an_end_counts_as_a_piece(line: Line) -> None:
    line.add("reset_peer", timeout=10)
    line.end(5)
    line.run(100)
    assert line.arrived == [(15, "reset")]


def test_removed_before_its_time_it_resets_at_once_as_bytes_are_missing(line: Line) -> None:
    toxic = line.add("reset_peer", timeout=3_600_000)
    line.send(b"lost", 0)
    line.remove(toxic, 9)
    assert line.arrived == [(9, "reset")]


def test_removed_before_anything_came_it_leaves_no_trace(line: Line) -> None:
    toxic = line.add("reset_peer", timeout=0)
    line.remove(toxic, 1)
    line.send(b"fine", 2)
    assert line.arrived == [(2, b"fine")]
