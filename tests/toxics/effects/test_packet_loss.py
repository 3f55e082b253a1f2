from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.toxics.conftest import Line


def lost(line: Line, pieces: int = 2_000) -> list[bool]:
    """Of each piece, whether it was dropped."""
    for number in range(pieces):
        line.send(number.to_bytes(2, "big"), number)
    there = {data for _, data in line.arrived}
    return [number.to_bytes(2, "big") not in there for number in range(pieces)]


def test_none_and_all(lines: Callable[[], Line]) -> None:
    none, everything = lines(), lines()
    none.add("packet_loss", loss_rate=0)
    everything.add("packet_loss", loss_rate=1)
    assert not any(lost(none))
    assert all(lost(everything))


def test_about_as_many_as_the_rate_says(line: Line) -> None:
    """Exact for the seed: 1,000 is what is to be expected."""
    line.add("packet_loss", loss_rate=0.5, correlation=0)
    assert 900 < sum(lost(line)) < 1_100


def test_what_passes_keeps_its_order(line: Line) -> None:
    line.add("packet_loss", loss_rate=0.5)
    lost(line)
    assert [data for _, data in line.arrived] == sorted(data for _, data in line.arrived if data != "end")


def test_correlation_makes_bursts(lines: Callable[[], Line]) -> None:
    def longest(correlation: float) -> int:
        line = lines()
        line.add("packet_loss", loss_rate=0.1, correlation=correlation)
        runs = "".join("x" if one else " " for one in lost(line)).split()
        return max(len(run) for run in runs)

    assert longest(0.8) > 2 * longest(0.0)


def test_the_same_seed_loses_the_same(lines: Callable[[], Line]) -> None:
    def of(seed: int) -> list[bool]:
        line = lines()
        line.add("packet_loss", loss_rate=0.5, seed=seed)
        return lost(line, 100)

    assert of(3) == of(3)
    assert of(3) != of(4)


def test_the_end_is_never_lost(line: Line) -> None:
    line.add("packet_loss", loss_rate=1)
    line.end(3)
    assert line.arrived == [(3, "end")]
