"""A drill's end when its replica does not even let itself be taken down: said, on record, and never a traceback."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from blackstart.drill import run, stages
from blackstart.drill.active import SERVERS_GONE
from blackstart.drill.folder import REPLICA
from blackstart.drill.recorded import options_from
from blackstart.drill.staff import Staff
from blackstart.errors import Exit, HealingUnproven, ReplicaError
from blackstart.events import FaultProven, HarnessError
from blackstart.faults.ledger import Ledger
from blackstart.record.reader import read
from blackstart.record.store import WriteFailed
from blackstart.record.verify import verify
from blackstart.testing import FakeReplica

from .test_resume import EVENTS, SAMPLE, Dead, Ended, interrupt, until


def deaf(replica: FakeReplica) -> None:
    raise ReplicaError("docker does not answer", hint="start docker, and run: blackstart recover")


def test_a_replica_that_cannot_be_taken_down_is_left_for_recover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeReplica, "down", deaf)
    dead = Dead(tmp_path, until("fault.effective"), at_start=interrupt)
    result = dead.resumed()
    assert result.exit_code == Exit.UNPROVEN
    assert isinstance(result.error, HealingUnproven)
    assert result.error.message == "the replica could not be taken down: docker does not answer"
    assert result.error.hint == "start docker, and run: blackstart recover"
    assert result.review is not None
    assert result.review.outcome == "aborted"
    events = read(tmp_path)
    assert [event.body for event in events if isinstance(event.body, HarnessError)] == [
        HarnessError("close", "docker does not answer")
    ]
    assert "replica.down" not in [event.kind for event in events]
    assert verify(tmp_path).state == "ok", "its record is closed all the same"


def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dead:
    """A drill that is broken off with a fault that cannot be undone, for a server is gone that nobody can start."""
    monkeypatch.setattr(FakeReplica, "name", "local")
    monkeypatch.setattr(FakeReplica, "exited", lambda self: {"proxy": -9})
    monkeypatch.setattr(Ended, "gone", lambda *_: False)
    monkeypatch.setattr("blackstart.drill.healing.PROVEN_WITHIN_S", 0.0)
    return Dead(tmp_path, until("fault.effective"), at_start=interrupt)


def test_a_replica_that_lost_a_server_takes_its_faults_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = lost(tmp_path, monkeypatch).resumed()
    assert result.exit_code == Exit.ABORTED, result.error
    assert Ledger(tmp_path).open_rows() == []
    proven = [event.body for event in read(tmp_path) if isinstance(event.body, FaultProven)]
    assert proven == [FaultProven("sealed", SERVERS_GONE)]


def test_but_not_one_that_cannot_be_taken_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeReplica, "down", deaf)
    result = lost(tmp_path, monkeypatch).resumed()
    assert result.exit_code == Exit.UNPROVEN
    assert [row.fault for row in Ledger(tmp_path).open_rows()] == ["sealed"]


def test_the_watchdog_gives_the_end_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of docker alone may take longer than a lease."""
    leases: list[float] = []
    dead = Dead(tmp_path, until("fault.effective"), at_start=interrupt)
    monkeypatch.setattr(FakeReplica, "down", lambda self: leases.append(dead.guard.lease_s))
    dead.resumed()
    assert leases == [stages.LONGEST_CLOSE_S]


# --- a disk that is full, a bug: whatever it is, the replica is healed and taken down ------------------


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")


def bug(*_: object) -> None:
    assert 1 / len(_)


def ended(folder: Path) -> list[str]:
    """The stages and proofs of the end."""
    kinds = {"stage.entered", "fault.proven", "replica.down", "drill.closed"}
    return [event.kind for event in read(folder) if event.kind in kinds][-5:]


WHOLE_END = ["stage.entered", "fault.proven", "stage.entered", "replica.down", "drill.closed"]


def test_what_the_machine_refuses_in_the_middle_ends_the_drill_in_order(
    tmp_path: Path,
) -> None:
    dead = Dead(tmp_path, until("replica.up"))
    dead.listeners.append(lambda event: full() if event.kind == "steady.reached" else None)
    result = dead.resumed()
    assert result.exit_code == Exit.ABORTED
    assert result.error is not None
    assert result.error.message == (
        "the drill was broken off in the stage brief: somewhere: No space left on device"
    )
    assert "room" in result.error.hint
    assert ended(tmp_path)[-4:] == [kind for kind in WHOLE_END if kind != "fault.proven"]


@pytest.mark.parametrize(("where", "what"), [(Staff, "close"), (stages, "keep_logs")])
def test_what_keeps_evidence_keeps_the_replica_from_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: object, what: str
) -> None:
    monkeypatch.setattr(where, what, full)
    result = Dead(tmp_path, until("drill.ended")).resumed()
    assert result.exit_code == Exit.ABORTED
    assert result.error is not None
    assert result.error.message.startswith("the drill was broken off in the stage close: somewhere")
    assert ended(tmp_path) == WHOLE_END
    assert not (tmp_path / REPLICA).exists()


def test_a_bug_in_the_ending_is_raised_when_all_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Staff, "close", lambda self: bug())
    with pytest.raises(ZeroDivisionError):
        Dead(tmp_path, until("drill.ended")).resumed()
    assert ended(tmp_path) == WHOLE_END


def test_listeners_that_cannot_write_keep_nothing_from_being_healed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = Dead(tmp_path, until("drill.ended"))
    dead.listeners.append(lambda event: full() if event.kind == "stage.entered" else None)
    assert dead.resumed().exit_code == Exit.ABORTED
    assert ended(tmp_path) == WHOLE_END


def test_a_bug_does_not_hide_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeReplica, "down", deaf)
    dead = Dead(tmp_path, until("replica.up"))
    dead.listeners.append(lambda event: bug() if event.kind == "steady.reached" else None)
    with pytest.raises(ZeroDivisionError) as caught:
        dead.resumed()
    (note,) = caught.value.__notes__
    assert note.endswith("docker does not answer\n  start docker, and run: blackstart recover")


def test_reports_that_cannot_be_written_are_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blackstart.drill.publish._write", full)
    with pytest.raises(WriteFailed) as caught:
        Dead(tmp_path, until("drill.ended")).resumed()
    assert caught.value.exit_code == Exit.ABORTED
    assert caught.value.message == (
        "the drill is over, and its reports cannot be written: somewhere: No space left on device"
    )
    assert f"blackstart report {tmp_path.name} --reports-dir {tmp_path.parent}" in caught.value.hint


def test_what_came_first_is_told_when_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Staff, "close", full)
    result = Dead(tmp_path, until("command.started"), at_start=interrupt).resumed()
    assert result.error is not None
    assert result.error.message == "the drill was aborted: SIGINT, while it was brought back"


# --- what is fetched before ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("replica", "compose", "fetched"),
    [
        ("local", None, {"openbao", "registry", "names"}),
        ("compose", None, {"openbao"}),  # people's own bao; the servers are in images
        ("compose", Path("docker-compose.yml"), set()),
    ],
)
def test_only_the_tools_that_its_replica_needs_are_fetched(
    monkeypatch: pytest.MonkeyPatch, replica: str, compose: Path | None, fetched: set[str]
) -> None:
    asked: list[Collection[str]] = []
    monkeypatch.setattr(run, "ensure_tools", lambda progress, names: asked.append(names))
    monkeypatch.setattr(run, "refuse", lambda options: None)
    monkeypatch.setattr(run, "finished", lambda options, begun: None)
    run.run(replace(options_from(EVENTS, SAMPLE), replica=replica, compose=compose))
    assert [set(names) for names in asked] == [fetched]
