"""The order of pieces through a row of toxics, whatever comes and goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from blackstart.toxics.effects.base import RESET

if TYPE_CHECKING:
    from tests.toxics.conftest import Line

KEEPS_EVERYTHING: dict[str, dict[str, int]] = {
    "noop": {},
    "latency": {"latency": 40, "jitter": 30},
    "bandwidth": {"rate": 3},
    "slow_close": {"delay": 50},
    "slicer": {"average_size": 7, "size_variation": 7, "delay": 900},
}
"""The toxics that promise no loss."""


def test_pieces_pass_in_the_order_of_the_toxics(line: Line) -> None:
    line.add("slicer", average_size=3, size_variation=0)
    line.add("limit_data", bytes=8)
    line.send(b"0123456789", 1)
    assert line.arrived == [(1, b"012"), (1, b"345"), (1, b"67"), (1, "close")]


def test_removing_the_middle_one_lets_its_pieces_into_the_next(line: Line) -> None:
    line.add("latency", latency=30)
    middle = line.add("latency", latency=3_600_000)
    line.add("latency", latency=30)
    line.send(b"x", 0)
    line.remove(middle, 50)
    line.send(b"y", 50)
    line.run(1_000)
    assert line.arrived == [(80, b"x"), (110, b"y")]


def test_one_that_comes_back_stands_where_its_toxic_stands(line: Line) -> None:
    """Of two toxics of which the dice take the first away and later put it back, the first is still the first."""
    first = line.add("slicer", average_size=2, size_variation=0)
    line.add("limit_data", bytes=3)
    line.chain.remove(first, 0)
    assert first.type.effect is not None
    line.chain.add(first, first.type.effect(first.attributes, None, 0), line.toxics)
    assert first in line.chain
    assert len(line.chain) == 2


def test_a_receiver_that_is_full_holds_back_what_is_due(line: Line) -> None:
    line.add("latency", latency=10)
    line.sink.full = True
    line.send(b"a", 0)
    line.run(50)
    assert line.arrived == []
    assert line.chain.next_due() is None
    line.sink.full = False
    line.run(70)
    assert line.arrived == [(70, b"a")]


def test_a_full_effect_holds_the_one_before_it_back(line: Line) -> None:
    line.add("latency", latency=0)
    line.add("bandwidth", rate=1)
    for _ in range(4):
        line.send(bytes(40_000), 0)
    assert line.chain.room()  # the long line has much
    for ms in range(0, 160_001, 100):
        line.run(ms)
    assert len(line.bytes) == 160_000
    assert line.arrived[-1][0] == 160_000


def test_after_an_end_nothing_is_taken(line: Line) -> None:
    line.add("noop")
    line.end(1)
    line.send(b"late", 2)
    assert line.arrived == [(1, "end")]


def test_nothing_comes_behind_a_reset(line: Line) -> None:
    line.add("reset_peer", timeout=0)
    line.send(b"x", 1)
    line.run(50)
    assert line.arrived == [(1, "reset")]
    assert line.chain.next_due() is None


def test_a_reset_from_the_sender_keeps_its_place(line: Line) -> None:
    line.add("latency", latency=100)
    line.send(b"first", 0)
    line.end(1, RESET)
    line.run(200)
    assert line.arrived == [(100, b"first"), (100, "reset")]


Step = tuple[str, Any]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 400)),
        st.tuples(st.just("wait"), st.integers(0, 120)),
        st.tuples(st.just("add"), st.sampled_from(sorted(KEEPS_EVERYTHING))),
        st.tuples(st.just("remove"), st.integers(0, 5)),
        st.tuples(st.just("change"), st.integers(0, 5)),
        st.tuples(st.just("full"), st.booleans()),
    ),
    max_size=40,
)


@given(STEPS)
@settings(deadline=None, max_examples=300)
def test_no_byte_is_lost_or_changes_places(lines: Callable[[], Line], steps: list[Step]) -> None:
    line, sent, now = lines(), bytearray(), 0
    for what, value in steps:
        if what == "send":
            data = bytes((len(sent) + index) % 251 for index in range(value))
            sent += data
            line.send(data, now)
        elif what == "wait":
            now += value
            line.run(now)
        elif what == "full":
            line.sink.full = value
        elif what == "add":
            line.add(value, now, **KEEPS_EVERYTHING[value])
        elif present := [toxic for toxic in line.toxics if toxic in line.chain]:
            toxic = present[value % len(present)]
            if what == "remove":
                line.remove(toxic, now)
            else:
                line.change(toxic, now, **KEEPS_EVERYTHING[toxic.type.name])
        assert bytes(sent).startswith(line.bytes)
    line.sink.full = False
    line.end(now)
    for later in range(100_000, 1_000_000, 100_000):
        line.run(now + later)
    assert line.bytes == bytes(sent)
    times = [when for when, _ in line.arrived]
    assert times == sorted(times)
    assert [data for _, data in line.arrived].count("end") == 1
    assert line.arrived[-1][1] == "end"
