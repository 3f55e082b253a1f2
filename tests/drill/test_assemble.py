"""However a drill is broken off, its end sees that nothing of it is left in docker, or says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.drill import assemble
from blackstart.drill.assemble import opened
from blackstart.drill.folder import REPLICA, label_of
from blackstart.drill.recorded import options_from
from blackstart.plan import Docker
from blackstart.record.verify import verify
from blackstart.replica.containers import remains
from blackstart.testing import FakeReplica

from .test_resume import EVENTS, PROBES, SAMPLE

if TYPE_CHECKING:
    from blackstart.replica.containers.removal import Counts


CHOOSES = assemble._replica


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replica = FakeReplica(PROBES, tmp_path)
    monkeypatch.setattr(assemble, "_replica", lambda *_: replica)


def test_a_drill_that_is_broken_off_leaves_no_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed: list[tuple[Path, str]] = []
    monkeypatch.setattr(remains, "remove", lambda *of: removed.append(of))
    options = replace(options_from(EVENTS, SAMPLE), reports=tmp_path)
    with pytest.raises(ZeroDivisionError), opened(options) as drill:
        assert 1 / len(removed)
    assert removed == [(drill.folder / REPLICA, label_of(drill.folder))]


def test_what_cannot_be_removed_is_said_and_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(folder: Path, label: str) -> Counts:
        raise PermissionError("docker is not yours")

    said: list[str] = []
    monkeypatch.setattr(remains, "remove", refuses)
    options = replace(options_from(EVENTS, SAMPLE), reports=tmp_path, say=said.append)
    with pytest.raises(ZeroDivisionError), opened(options) as drill:
        assert 1 / len(said)
    assert said == ["containers may be left: PermissionError: docker is not yours; run: blackstart recover"]
    assert verify(drill.folder).state == "ok", "its record is closed all the same"


def test_the_replica_has_what_the_plan_says_of_docker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr(assemble, "chosen", lambda *_, **how: asked.update(how))
    said = Docker.model_validate({"contexts": ["far"], "strangers": ["db"], "up_within": "5m"})
    CHOOSES(replace(options_from(EVENTS, SAMPLE), allowed=said), tmp_path, "d")
    assert (asked["contexts"], asked["strangers"], asked["up_within_s"]) == (["far"], ["db"], 300.0)
