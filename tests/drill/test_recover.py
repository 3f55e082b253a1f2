"""What a dead harness left is healed, proven and closed; what lives is left alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from blackstart import watchdog
from blackstart.clock import Stamp
from blackstart.drill.folder import REPLICA, mine, new_label
from blackstart.drill.recover import recover
from blackstart.events import StageEntered
from blackstart.faults.ledger import Ledger
from blackstart.record.reader import read
from blackstart.record.store import Record
from blackstart.record.verify import verify

STAMP = Stamp("2026-04-26T15:30:00.000000Z", "2026-04-26T15:30:00.000000Z", 1, 12.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A drill whose harness died with a fault active."""
    folder = tmp_path / "INC-2026-04-26-001"
    (folder / REPLICA).mkdir(parents=True)
    record = Record.create(folder)
    record.append(StageEntered("respond"), stamp=STAMP, actor="harness", source="harness")
    record.leave()
    ledger = Ledger(folder, folder.name)
    ledger.intend("sealed", type="vault.seal", target="vault", params={}, undo={"address": "x"})
    ledger.mark("sealed", "effective")
    return folder


def test_a_dead_drill_is_healed_and_closed(folder: Path) -> None:
    (found,) = recover(folder.parent)
    assert (found.drill, found.left) == (folder.name, [])
    assert found.did == [
        "healed the fault sealed (vault.seal on vault): its servers are gone",
        "closed its record of 1 events",
    ]
    assert Ledger(folder).open_rows() == []
    assert verify(folder).state == "ok"
    assert not (folder / REPLICA).exists()
    kinds = [event.kind for event in read(folder)]
    assert kinds == [
        "stage.entered",
        "harness.error",
        "drill.ended",
        "fault.healed",
        "fault.proven",
        "replica.down",
        "drill.closed",
    ]
    assert {event.drill_s for event in read(folder)} == {12.5}


def test_a_second_time_there_is_nothing_to_do(folder: Path) -> None:
    recover(folder.parent)
    assert recover(folder.parent) == []


def test_a_drill_that_runs_is_left_alone(folder: Path) -> None:
    with mine(folder):
        assert recover(folder.parent) == []


def test_servers_that_were_left_are_ended(folder: Path) -> None:
    label = new_label(folder)
    server = subprocess.Popen(["sleep", "600"], env={"BLACKSTART_LABEL": label, "PATH": "/usr/bin:/bin"})
    (found,) = recover(folder.parent)
    assert found.did[0] == "ended 1 process of its replica"
    assert server.wait() == -9
    assert watchdog.processes(label) == []
