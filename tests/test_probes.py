"""The sampler: every round on record, every change once, in the probes' declared order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from blackstart.clock import JumpClock
from blackstart.events import ProbeChanged
from blackstart.probes import GAP_S, INTERVAL_S, Sampler
from blackstart.testing import History, ManualTime, SetProbe

if TYPE_CHECKING:
    from blackstart.replica.base import Reading


class Bench:
    def __init__(self) -> None:
        self.time = ManualTime()
        self.clock = JumpClock(self.time)
        self.history = History()
        self.probes = [SetProbe(name, subject=name) for name in ("vault", "dns", "ship")]
        self.sampler = Sampler(self.probes, self.clock, self.history.emit)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.history.events]

    def changes(self) -> list[tuple[str, str]]:
        bodies = [event.body for event in self.history.events]
        return [(body.probe, body.state) for body in bodies if isinstance(body, ProbeChanged)]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.sampler.close()


def test_the_first_round_says_every_state_in_the_declared_order(bench: Bench) -> None:
    bench.sampler.round()
    assert bench.changes() == [("vault", "green"), ("dns", "green"), ("ship", "green")]
    assert bench.kinds()[0] == "probes.sampled"


def test_a_state_that_stays_is_no_event(bench: Bench) -> None:
    bench.sampler.round()
    bench.sampler.round()
    assert bench.kinds().count("probes.sampled") == 2
    assert len(bench.changes()) == 3


def test_a_change_says_since_when_it_may_have_been(bench: Bench) -> None:
    bench.sampler.round()
    bench.clock.jump_to(60.0)
    bench.probes[0].turn("red", "503")
    bench.sampler.round()
    body = bench.history.events[-1].body
    assert body == ProbeChanged("vault", "red", "503", 0.0)


def test_what_is_not_green_and_why(bench: Bench) -> None:
    assert not bench.sampler.all_green()
    bench.sampler.round()
    assert bench.sampler.all_green()
    bench.probes[0].turn("red", "503 Vault is sealed")
    bench.probes[2].turn("missing")
    bench.sampler.round()
    assert bench.sampler.not_green() == {"vault": "503 Vault is sealed", "ship": "missing"}
    assert [bench.sampler.state(name) for name in ("vault", "dns", "ship", "nope")] == [
        "red",
        "green",
        "missing",
        "missing",
    ]


def test_a_round_is_fresh_for_one_interval(bench: Bench) -> None:
    assert not bench.sampler.fresh()
    bench.sampler.round()
    bench.time.advance(INTERVAL_S)
    assert bench.sampler.fresh()
    bench.time.advance(0.001)
    assert not bench.sampler.fresh()


def test_declared_before_the_first_round(bench: Bench) -> None:
    bench.sampler.declare()
    assert bench.kinds() == ["probe.declared"] * 3


def test_one_round_at_a_time(bench: Bench) -> None:
    threads = [threading.Thread(target=bench.sampler.round) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bench.kinds().count("probes.sampled") == 8
    assert len(bench.changes()) == 3


class Stop(threading.Event):
    """Ends a sampling after so many waits, in manual time."""

    def __init__(self, time: ManualTime, waits: int) -> None:
        super().__init__()
        self.time, self.left = time, waits
        self.asked: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout)
        self.time.advance(timeout or 0.0)
        self.left -= 1
        return self.left <= 0


def test_what_is_done_bit_by_bit_is_sampled_every_interval_all_the_same(bench: Bench) -> None:
    """As by people who type one short command after the other: none of them takes an interval."""
    bench.sampler.round()
    bench.time.advance(0.75)
    bench.sampler._sample_until(stop := Stop(bench.time, 3))
    assert stop.asked == [0.25, INTERVAL_S, INTERVAL_S]
    assert bench.kinds().count("probes.sampled") == 3


def test_an_interval_is_from_one_round_s_beginning_to_the_next_s(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes_s = iter([0.5, 0.25, 4.0])
    read = bench.probes[0].read

    def slowly() -> Reading:
        bench.time.advance(next(takes_s))
        return read()

    monkeypatch.setattr(bench.probes[0], "read", slowly)
    bench.sampler._sample_until(stop := Stop(bench.time, 4))
    assert stop.asked == [INTERVAL_S, 0.5, 0.75, GAP_S]


def test_a_signal_while_sampling_begins_leaves_nobody_to_be_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    sampling = bench.sampler.sampling()
    with pytest.raises(KeyboardInterrupt):
        sampling.__enter__()
    monkeypatch.undo()
    bench.sampler.close()
    assert "sampler" not in [thread.name for thread in threading.enumerate()]
