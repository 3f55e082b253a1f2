from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.toxics.conftest import Line


@pytest.mark.parametrize("size", [100, 101, 5_000])
def test_exactly_so_many_and_then_it_closes(line: Line, size: int) -> None:
    line.add("limit_data", bytes=100)
    content = bytes(range(250)) * 20
    line.send(content[:size], 1)
    assert line.arrived == [(1, content[:100]), (1, "close")]


def test_fewer_pass_and_the_end_with_them(line: Line) -> None:
    line.add("limit_data", bytes=100)
    line.send(b"x" * 99, 1)
    line.end(2)
    assert line.arrived == [(1, b"x" * 99), (2, "end")]


def test_it_overflows_in_a_later_piece_and_what_comes_after_is_lost(line: Line) -> None:
    line.add("limit_data", bytes=10)
    line.send(b"01234567", 0)
    line.send(b"89abcdef", 1)
    line.send(b"more", 2)
    line.end(3)
    assert line.arrived == [(0, b"01234567"), (1, b"89"), (1, "close")]


def test_zero_closes_at_the_first_byte(line: Line) -> None:
    line.add("limit_data", bytes=0)
    line.run(10)
    assert line.arrived == []
    line.send(b"x", 11)
    assert line.arrived == [(11, "close")]


def test_zero_lets_an_end_through(line: Line) -> None:
    line.add("limit_data", bytes=0)
    line.end(4)
    assert line.arrived == [(4, "end")]


@pytest.mark.parametrize(("limit", "through"), [(11, b"89a"), (8, b""), (3, b"")])
def test_the_count_outlives_an_update(line: Line, limit: int, through: bytes) -> None:
    toxic = line.add("limit_data", bytes=10)
    line.send(b"01234567", 0)
    line.change(toxic, 1, bytes=limit)
    line.send(b"89abcdef", 2)
    assert line.bytes == b"01234567" + through
    assert line.arrived[-1] == (2, "close")


def test_the_close_comes_behind_bytes_that_a_later_toxic_delays(line: Line) -> None:
    line.add("limit_data", bytes=3)
    line.add("latency", latency=100)
    line.send(b"abcdef", 0)
    line.run(99)
    assert line.arrived == []
    line.run(100)
    assert line.arrived == [(100, b"abc"), (100, "close")]
