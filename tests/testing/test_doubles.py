"""The doubles that ship behave like what they stand for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart import testing
from blackstart.events import FreeText, StageEntered, ThreadPosted
from blackstart.record.reader import read
from blackstart.record.verify import verify, verify_lines
from blackstart.replica.base import Probe, Reading, Replica
from blackstart.testing import START, FakeReplica, History, ManualTime, SetProbe

if TYPE_CHECKING:
    from blackstart.clock import TimeSource


def test_manual_time_moves_when_told_and_only_forwards() -> None:
    time: TimeSource = ManualTime()
    assert time.now() == time.now()
    time.sleep(1.5)
    time.sleep(-1)
    assert (time.now().wall, time.now().mono_ns) == (START + timedelta(seconds=1.5), 1_500_000_000)
    with pytest.raises(ValueError, match="time cannot go backwards"):
        ManualTime().advance(-0.1)


def test_a_history_is_a_record(tmp_path: Path) -> None:
    history = History()
    first = history.add(StageEntered("respond"), at=60.0)
    second = history.emit(ThreadPosted("m", "incident", FreeText.of("ünï")), actor="ic-1", source="thread")
    assert (first.at, second.drill_s, second.prev) == ("2026-04-26T15:31:00.000000Z", 60.0, first.hash)
    assert verify_lines([event.to_line().encode() for event in history.events]).state == "unclosed"
    history.close()
    history.save(tmp_path)
    assert verify(tmp_path).state == "ok"
    assert read(tmp_path) == history.events


def test_a_history_refuses_what_a_record_refuses() -> None:
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        History().add(StageEntered(float("nan")))  # type: ignore[arg-type]  # the point


def test_a_probe_answers_what_was_set() -> None:
    probe = SetProbe("vault")
    reading: Probe = probe
    assert reading.read() == Reading("green")
    probe.turn("red", "503 Vault is sealed")
    probe.turns_after = 2
    assert [reading.read().state for _ in range(3)] == ["red", "green", "green"]


def test_a_fake_replica_shows_what_was_done_to_it(tmp_path: Path) -> None:
    fake = FakeReplica(["vault", "dns"], tmp_path)
    replica: Replica = fake
    replica.up(lambda what, done, total: None)
    probe = replica.probes()[0]
    seen = []
    for act in (replica.stop, replica.start, replica.pause, replica.resume, replica.kill):
        act("vault")
        seen.append((probe.read().state, replica.running("vault")))
    assert seen == [("red", False), ("green", True), ("red", True), ("green", True), ("red", False)]
    assert replica.probes()[1].read().state == "green"
    assert list(replica.components()) == ["vault", "dns"]
    assert replica.exec("dns", ["true"]).exit_code == 0
    replica.down()
    assert fake.calls == [
        *((call, "vault") for call in ("stop", "start", "pause", "resume", "kill")),
        ("exec", "dns"),
        ("down", ""),
    ]


def test_what_is_exported_is_there() -> None:
    assert sorted(testing.__all__) == testing.__all__
    assert all(hasattr(testing, name) for name in testing.__all__)
