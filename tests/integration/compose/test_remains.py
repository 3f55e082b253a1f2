"""What a dead drill has left in docker is recovered: also later, when docker is back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.clock import Stamp
from blackstart.drill.folder import LABEL, REPLICA
from blackstart.drill.recover import recover
from blackstart.events import StageEntered
from blackstart.faults.ledger import Ledger
from blackstart.record.store import Record
from blackstart.record.verify import verify
from blackstart.replica.containers import remains
from blackstart.replica.containers.note import Note
from blackstart.replica.containers.project import Project
from blackstart.replica.containers.removal import Counts

from .conftest import WAITS, await_words, quiet

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

    from .conftest import Serve

STAMP = Stamp("2026-04-26T15:30:00.000000Z", "2026-04-26T15:30:00.000000Z", 1, 12.5)


@pytest.fixture
def project(engine: Engine, image: str, serve: Serve, tmp_path: Path) -> Iterator[Project]:
    """Of a drill on containers whose harness died with a fault active."""
    drill = tmp_path / "INC-2026-04-26-001"
    drill.mkdir()
    name = f"try-c-{secrets.token_hex(4)}"
    (drill / LABEL).write_text(f"drill-{name}\n")
    file = tmp_path / "docker-compose.yml"
    service = {"image": image, "command": WAITS, "volumes": ["kept:/data"]}
    file.write_text(json.dumps({"services": {"one": service}, "volumes": {"kept": {}}}))
    project = Project(engine, name, [file], {}, f"drill-{name}", drill / REPLICA)
    try:
        project.up(quiet)
        await_words(serve(project))
        yield project
    finally:
        project.down()


@pytest.fixture
def drill(project: Project) -> Path:
    folder = project.folder.parent
    record = Record.create(folder)
    record.append(StageEntered("respond"), stamp=STAMP, actor="harness", source="harness")
    record.leave()
    ledger = Ledger(folder, folder.name)
    ledger.intend("slow", type="vault.seal", target="one", params={}, undo={"address": "x"}, probe="one")
    ledger.mark("slow", "effective")
    return folder


def test_everything_of_it_is_removed_and_the_record_closed(drill: Path, project: Project) -> None:
    (found,) = recover(drill.parent)
    assert (found.drill, found.left) == (drill.name, [])
    assert "removed 1 container, 1 network and 1 volume" in found.did
    assert "healed the fault slow (vault.seal on one): its servers are gone" in found.did
    assert not project.counts()
    assert verify(drill).state == "ok"
    assert (drill / "logs" / "one.log").read_text() == "it runs\n"
    assert recover(drill.parent) == []


def test_while_docker_is_down_it_is_left_for_later(drill: Path, project: Project, tmp_path: Path) -> None:
    note = Note.read(project.folder)
    assert note is not None
    replace(note, host=f"unix://{tmp_path}/nobody.sock").write(project.folder)
    (found,) = recover(drill.parent)
    (left,) = found.left
    assert left.startswith("its containers may be left: docker does not run")
    assert left.endswith("start docker, and run: blackstart recover")
    assert project.counts() == Counts(1, 1, 1)
    assert Ledger(drill).open_rows()
    note.write(project.folder)
    (found,) = recover(drill.parent)
    assert found.left == []
    assert not project.counts()
    assert verify(drill).state == "ok"


def test_what_is_ended_can_be_gone_on_with(project: Project) -> None:
    remains.end(project.folder, project.label)
    assert not remains.running(project.folder, project.label)
    assert project.counts() == Counts(1, 1, 1)
    remains.end(project.folder, project.label)
