"""A datagram's way past toxics, on a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.toxics import udp_stage
from blackstart.toxics.addresses import Networks
from blackstart.toxics.effects import noop
from blackstart.toxics.errors import ProxyRefused
from blackstart.toxics.loop import MS, Loop
from blackstart.toxics.model import Toxic, ToxicType
from blackstart.toxics.udp_stage import Stage
from blackstart.toxics.udp_toxics import TYPES

BY_NAME: dict[str, ToxicType] = {one.name: one for one in (noop.TYPE, *TYPES)}


def toxic(kind: str, toxicity: float = 1, **attributes: object) -> Toxic:
    made = BY_NAME[kind]
    return Toxic(made, kind, "downstream", toxicity, made.read(attributes), Networks(()))


class Line:
    """A stage, its clock in milliseconds, and what arrived when."""

    def __init__(self, seed: str = "7") -> None:
        self.now_ms = 0
        self.loop = Loop(lambda: self.now_ms * MS)
        self.toxics: list[Toxic] = []
        self.arrived: list[tuple[int, bytes]] = []
        self.stage = Stage(
            self.loop, lambda one: Random(f"{seed}/{one.name}"), lambda one: one in self.toxics
        )

    def send(self, *datagrams: bytes) -> None:
        for data in datagrams:
            self.stage.send(data, tuple(self.toxics), lambda one: self.arrived.append((self.now_ms, one)))

    def wait_ms(self, long: int) -> None:
        """Move the clock to every time that something is due until then."""
        end = self.now_ms + long
        while (due := self.loop.next_due()) is not None and due <= end * MS:
            self.now_ms = -(-due // MS)
            self.loop.run_due()
        self.now_ms = end

    def put(self, *toxics: Toxic) -> None:
        self.toxics += toxics

    def remove(self, gone: Toxic) -> None:
        self.toxics.remove(gone)
        self.stage.removed(gone)

    @property
    def datagrams(self) -> list[bytes]:
        return [data for _, data in self.arrived]


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.loop.close()


MANY = [b"%d" % number for number in range(200)]


def test_without_toxics_and_with_noop_all_arrive_at_once(line: Line) -> None:
    line.send(b"a", b"")
    line.put(toxic("noop"))
    line.send(b"b")
    assert line.arrived == [(0, b"a"), (0, b""), (0, b"b")]


class TestDrop:
    def test_all_unless_told_otherwise(self, line: Line) -> None:
        line.put(toxic("drop"))
        line.send(*MANY)
        assert line.arrived == []

    def test_none_at_rate_0(self, line: Line) -> None:
        line.put(toxic("drop", rate=0))
        line.send(*MANY)
        assert line.datagrams == MANY

    def test_a_rate_between_drops_some_and_keeps_the_order(self, line: Line) -> None:
        line.put(toxic("drop", rate=0.3))
        line.send(*MANY)
        assert set(line.datagrams) < set(MANY)
        assert line.datagrams == [one for one in MANY if one in line.datagrams]

    def test_the_seed_decides_which(self) -> None:
        def fate(seed: str) -> list[bytes]:
            line = Line(seed)
            line.put(toxic("drop", rate=0.5))
            line.send(*MANY)
            line.loop.close()
            return line.datagrams

        assert fate("a") == fate("a") != fate("b")


class TestDelay:
    def test_to_the_millisecond_and_in_order(self, line: Line) -> None:
        line.put(toxic("delay", delay=100))
        line.send(b"a")
        line.wait_ms(40)
        line.send(b"b")
        line.wait_ms(59)
        assert line.arrived == []
        line.wait_ms(500)
        assert line.arrived == [(100, b"a"), (140, b"b")]

    def test_two_add_up(self, line: Line) -> None:
        line.put(toxic("delay", delay=50), toxic("delay", delay=70))
        line.send(b"a")
        line.wait_ms(1_000)
        assert line.arrived == [(120, b"a")]

    def test_jitter_keeps_within_itself_and_is_used(self, line: Line) -> None:
        line.put(toxic("delay", delay=20, jitter=10))
        line.send(*MANY)
        line.wait_ms(1_000)
        times = {when for when, _ in line.arrived}
        assert sorted(line.datagrams) == sorted(MANY)
        assert 10 <= min(times) < 15 < 25 < max(times) <= 30

    def test_more_jitter_than_delay_is_no_time_travel(self, line: Line) -> None:
        line.put(toxic("delay", delay=0, jitter=10))
        line.send(*MANY)
        line.wait_ms(1_000)
        assert min(line.arrived)[0] == 0
        assert len(line.arrived) == len(MANY)

    def test_removed_what_waits_goes_on_at_once_in_order(self, line: Line) -> None:
        slow = toxic("delay", delay=1_000)
        line.put(slow)
        line.send(b"a", b"b")
        line.wait_ms(10)
        line.remove(slow)
        assert line.arrived == [(10, b"a"), (10, b"b")]
        line.wait_ms(5_000)
        assert len(line.arrived) == 2

    def test_new_values_hold_for_what_waits(self, line: Line) -> None:
        slow = toxic("delay", delay=1_000)
        line.put(slow)
        line.send(b"a")
        line.wait_ms(10)
        slow.attributes = slow.type.read({"delay": 30})
        line.stage.changed(slow)
        line.wait_ms(5_000)
        assert line.arrived == [(30, b"a")]

    def test_what_waited_still_meets_the_toxics_after_it(self, line: Line) -> None:
        line.put(toxic("delay", delay=10), toxic("duplicate"))
        line.send(b"a")
        line.wait_ms(10)
        assert line.arrived == [(10, b"a"), (10, b"a")]

    def test_but_not_those_that_are_gone_by_then(self, line: Line) -> None:
        lost = toxic("drop")
        line.put(toxic("delay", delay=10), lost)
        line.send(b"a")
        line.remove(lost)
        line.wait_ms(10)
        assert line.arrived == [(10, b"a")]

    def test_cleared_nothing_arrives(self, line: Line) -> None:
        line.put(toxic("delay", delay=10))
        line.send(b"a")
        line.stage.clear()
        line.wait_ms(100)
        assert line.arrived == []

    def test_what_does_not_fit_is_lost(self, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(udp_stage, "CAPACITY", 3)
        line.put(toxic("delay", delay=10))
        line.send(b"ab", b"cd", b"e")
        line.wait_ms(10)
        line.send(b"fg")
        line.wait_ms(10)
        assert line.arrived == [(10, b"ab"), (10, b"e"), (20, b"fg")]


class TestDuplicate:
    def test_each_comes_twice(self, line: Line) -> None:
        line.put(toxic("duplicate"))
        line.send(b"a", b"b")
        assert line.datagrams == [b"a", b"a", b"b", b"b"]

    def test_two_make_four(self, line: Line) -> None:
        line.put(toxic("duplicate"), toxic("duplicate"))
        line.send(b"a")
        assert line.datagrams == [b"a"] * 4


class TestCorrupt:
    def test_one_bit_is_turned(self, line: Line) -> None:
        line.put(toxic("corrupt"))
        line.send(bytes(64))
        (after,) = line.datagrams
        assert len(after) == 64
        assert int.from_bytes(after, "big").bit_count() == 1

    def test_nothing_is_nothing(self, line: Line) -> None:
        line.put(toxic("corrupt"))
        line.send(b"")
        assert line.datagrams == [b""]


class TestTruncate:
    def test_it_acts_downstream_only(self) -> None:
        assert BY_NAME["truncate"].streams == ("downstream",)

    def test_what_is_no_dns_passes(self, line: Line) -> None:
        line.put(toxic("truncate"))
        line.send(b"no dns")
        assert line.datagrams == [b"no dns"]


class TestToxicity:
    @pytest.mark.parametrize(("toxicity", "arriving"), [(0, MANY), (1, [])])
    def test_none_and_all(self, line: Line, toxicity: float, arriving: list[bytes]) -> None:
        line.put(toxic("drop", toxicity))
        line.send(*MANY)
        assert line.datagrams == arriving

    def test_it_is_rolled_for_each_datagram(self, line: Line) -> None:
        line.put(toxic("drop", 0.5))
        line.send(*MANY)
        assert 0 < len(line.arrived) < len(MANY)


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("drop", {"rate": 1.5}),
        ("drop", {"rate": -0.1}),
        ("delay", {"delay": -1}),
        ("delay", {"delay": 1, "jitter": -1}),
        ("delay", {"delay": 1.5}),
        ("corrupt", {"rate": "often"}),
        ("truncate", {"size": 512}),
    ],
)
def test_values_that_are_none_are_refused(kind: str, attributes: dict[str, Any]) -> None:
    with pytest.raises(ProxyRefused) as refused:
        BY_NAME[kind].read(attributes)
    assert refused.value.status == 400


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.binary(max_size=3)),
        st.tuples(st.just("wait"), st.integers(0, 50)),
        st.tuples(st.just("remove"), st.integers(0, 3)),
        st.tuples(st.just("delay"), st.integers(0, 40)),
    ),
    max_size=30,
)


@given(STEPS)
def test_delays_that_come_change_and_go_lose_nothing(steps: list[tuple[str, Any]]) -> None:
    """Whatever happens, each datagram arrives once, never before it was sent, and all in the end."""
    line = Line()
    sent: list[bytes] = []
    for step, value in steps:
        if step == "send":
            sent.append(value)
            line.send(value)
        elif step == "wait":
            line.wait_ms(value)
        elif step == "delay":
            line.put(toxic("delay", delay=value))
        elif value < len(line.toxics):
            line.remove(line.toxics[value])
    line.wait_ms(10_000)
    line.loop.close()
    assert sorted(line.datagrams) == sorted(sent)


@given(st.lists(st.binary(min_size=1, max_size=4), max_size=20), st.integers(0, 100))
def test_one_delay_keeps_order_and_time(datagrams: list[bytes], delay: int) -> None:
    line = Line()
    line.put(toxic("delay", delay=delay))
    for data in datagrams:
        line.send(data)
        line.wait_ms(3)
    line.wait_ms(1_000)
    line.loop.close()
    assert line.arrived == [(number * 3 + delay, data) for number, data in enumerate(datagrams)]
