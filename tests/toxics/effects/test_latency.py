from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.toxics.conftest import Line


def test_every_piece_is_later_by_the_latency(line: Line) -> None:
    line.add("latency", latency=100)
    line.send(b"a", 10)
    line.send(b"b", 60)
    line.run(109)
    assert line.arrived == []
    line.run(110)
    assert line.arrived == [(110, b"a")]
    line.run(1_000)
    assert line.arrived == [(110, b"a"), (160, b"b")]


def test_two_add_up_exactly_also_when_the_machine_is_late(line: Line) -> None:
    line.add("latency", latency=50)
    line.add("latency", latency=70)
    line.send(b"a", 0)
    line.run(999)
    assert line.arrived == [(120, b"a")]


def test_none_is_none(line: Line) -> None:
    line.add("latency")
    line.send(b"a", 3)
    assert line.arrived == [(3, b"a")]


def test_jitter_stays_within_itself_and_order_is_kept(line: Line) -> None:
    line.add("latency", latency=100, jitter=80)
    for number in range(200):
        line.send(bytes([number]), number)
    line.run(10_000)
    times = [when for when, _ in line.arrived]
    assert line.bytes == bytes(range(200))
    assert times == sorted(times)
    assert len(set(times)) > 10
    assert all(20 <= when - sent for sent, when in enumerate(times))
    assert len({round(when - sent, 3) for sent, when in enumerate(times)}) > 100, "each piece has its own"
    assert max(times) <= 199 + 180


def test_jitter_above_the_latency_is_never_before_the_piece_itself(line: Line) -> None:
    line.add("latency", latency=1, jitter=1_000)
    for number in range(50):
        line.send(b"x", number * 5_000)
        line.run(number * 5_000 + 2_000)
    assert all(when >= number * 5_000 for number, (when, _) in enumerate(line.arrived))


def test_the_same_seed_is_the_same_jitter(lines: Callable[[], Line]) -> None:
    def times(seed: int) -> list[float]:
        line = lines()
        line.add("latency", latency=100, jitter=50, seed=seed)
        for number in range(20):
            line.send(b"x", number * 1_000)
        line.run(100_000)
        return [when for when, _ in line.arrived]

    assert times(7) == times(7)
    assert times(7) != times(8)


def test_the_end_waits_for_the_bytes_and_no_longer(line: Line) -> None:
    line.add("latency", latency=100)
    line.send(b"last", 0)
    line.end(1)
    line.run(99)
    assert line.arrived == []
    line.run(100)
    assert line.arrived == [(100, b"last"), (100, "end")]


def test_an_end_alone_is_not_held(line: Line) -> None:
    line.add("latency", latency=100)
    line.end(5)
    assert line.arrived == [(5, "end")]


def test_what_waits_goes_on_when_it_is_removed(line: Line) -> None:
    toxic = line.add("latency", latency=3_600_000)
    line.send(b"a", 0)
    line.send(b"b", 1)
    line.remove(toxic, 2)
    line.send(b"c", 3)
    assert line.arrived == [(2, b"a"), (2, b"b"), (3, b"c")]


@pytest.mark.parametrize(("latency", "arrives"), [(20, 20), (5, 10), (0, 10), (500, 500)])
def test_new_values_hold_for_what_waits(line: Line, latency: int, arrives: float) -> None:
    toxic = line.add("latency", latency=100)
    line.send(b"a", 0)
    line.change(toxic, 10, latency=latency)
    line.run(9_999)
    assert line.arrived == [(arrives, b"a")]


def test_a_long_line_keeps_its_bandwidth(line: Line) -> None:
    """30 MB under way at once: what is delayed does not hold the sender back."""
    line.add("latency", latency=1_000)
    for number in range(1_000):
        assert line.chain.room()
        line.send(bytes(30_000), number / 10)
    line.run(1_100)
    assert len(line.bytes) == 30_000_000
    assert line.arrived[-1][0] == 1_099.9


def test_more_than_it_can_hold_holds_the_sender_back(line: Line) -> None:
    line.add("latency", latency=1_000)
    line.send(bytes(32 * 1024 * 1024))
    assert not line.chain.room()
    line.run(1_000)
    assert line.chain.room()
