from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.toxics.conftest import Line


def test_slices_and_pauses_are_exact(line: Line) -> None:
    """The delay is in microseconds, between two slices."""
    line.add("slicer", average_size=4, size_variation=0, delay=20_000)
    line.send(b"0123456789", 5)
    line.run(1_000)
    assert line.arrived == [(5, b"0123"), (25, b"4567"), (45, b"89")]


def test_one_byte_each(line: Line) -> None:
    line.add("slicer", average_size=1, size_variation=0, delay=10)
    line.send(b"abcdefghijklmnopqrstuvwx")
    line.run(1)
    assert len(line.arrived) == 24
    assert line.arrived[-1] == (0.23, b"x")


def test_sizes_vary_within_the_variation_and_no_byte_is_lost(line: Line) -> None:
    line.add("slicer", average_size=1_024, size_variation=512)
    content = bytes(range(240)) * 2_000
    line.send(content)
    assert line.bytes == content
    sizes = [len(data) for _, data in line.arrived]
    assert 480_000 // 1_536 <= len(sizes) <= 480_000 // 512 + 1
    assert all(512 <= size <= 1_536 for size in sizes[:-1])
    assert len(set(sizes)) > 50


def test_a_variation_as_large_as_the_average_loses_nothing(line: Line) -> None:
    line.add("slicer", average_size=3, size_variation=3)
    line.send(bytes(range(256)))
    assert line.bytes == bytes(range(256))
    assert all(1 <= len(data) <= 6 for _, data in line.arrived)


def test_removed_the_rest_goes_on_in_one(line: Line) -> None:
    toxic = line.add("slicer", average_size=2, size_variation=0, delay=1_000_000)
    line.send(b"abcdef", 0)
    line.remove(toxic, 1)
    assert line.arrived == [(0, b"ab"), (1, b"cdef")]


def test_the_end_comes_after_the_last_slice(line: Line) -> None:
    line.add("slicer", average_size=1, size_variation=0, delay=1_000)
    line.send(b"ab", 0)
    line.end(0)
    line.run(10)
    assert line.arrived == [(0, b"a"), (1, b"b"), (1, "end")]
