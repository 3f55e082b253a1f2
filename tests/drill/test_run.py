"""A drill's end when its replica does not even let itself be taken down: said, on record, and never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import Exit, HealingUnproven, ReplicaError
from blackstart.events import HarnessError
from blackstart.record.reader import read
from blackstart.record.verify import verify
from blackstart.testing import FakeReplica

from .test_resume import Dead, interrupt, until

if TYPE_CHECKING:
    import pytest


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
