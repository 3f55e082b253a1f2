"""`blackstart recover` as its user calls it: words, exit codes, and nothing but what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blackstart.clock import Stamp
from blackstart.drill.folder import new_label
from blackstart.events import DrillOpened
from blackstart.faults.ledger import Ledger
from blackstart.record.store import Record

PROGRAM = Path(sys.executable).with_name("blackstart")
DRILL = "INC-2026-04-26-001"


def blackstart(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words],
        env=os.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A drill that died with a fault active, before it had a record."""
    folder = tmp_path / DRILL
    (folder / "replica").mkdir(parents=True)
    new_label(folder)
    Ledger(folder).intend("sealed", type="vault.seal", target="vault", params={}, undo={}, probe="vault")
    return folder


def test_it_says_what_it_did_and_ends_well(folder: Path) -> None:
    ended = blackstart("recover", "--reports-dir", folder.parent)
    assert ended.returncode == 0
    assert ended.stdout.splitlines() == [
        f"{DRILL}:",
        "  removed its servers' data",
        "  healed the fault sealed (vault.seal on vault): its servers are gone",
    ]
    again = blackstart("recover", "--reports-dir", folder.parent)
    assert (again.returncode, again.stdout) == (0, f"nothing to recover in {folder.parent}\n")


def test_exit_5_and_the_command_where_something_is_left(folder: Path) -> None:
    ledger = folder / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes() + b"?\n")
    ended = blackstart("recover", "--reports-dir", folder.parent, "--json")
    assert ended.returncode == 5
    (drill,) = json.loads(ended.stdout)["drills"]
    assert drill["drill"] == DRILL
    (left,) = drill["left"]
    assert left.endswith(f"remove it: sed -i 2d {ledger}")


def test_a_closed_drill_that_may_have_left_a_fault_is_listed_as_that(folder: Path) -> None:
    moment = "2026-04-26T15:30:00.000000Z"
    stamp = Stamp(moment, moment, 1, 0.0)
    opened = DrillOpened(DRILL, 1, "0", "s.yaml", "c", 1, "local", "jump", 1.0, moment, 1.0, [], [])
    record = Record.create(folder)
    record.append(opened, stamp=stamp, actor="harness", source="harness")
    record.close(stamp)
    (folder / "review.json").write_text('{"outcome": "passed"}')
    assert outcome(folder.parent) == "unhealed"
    recovered = blackstart("recover", "--reports-dir", folder.parent)
    assert "its record was closed before: only the ledger says that this is healed" in recovered.stdout
    assert outcome(folder.parent) == "passed"


def outcome(reports: Path) -> str:
    (drill,) = json.loads(blackstart("list", "--reports-dir", reports, "--json").stdout)["drills"]
    return str(drill["outcome"])


@pytest.mark.parametrize("command", ["recover", "list", "verify", "show"])
def test_a_file_is_no_folder_of_drills(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    ended = blackstart(command, "--reports-dir", tmp_path / "file")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"{tmp_path / 'file'} is no folder" in ended.stderr


def test_an_empty_record_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / DRILL).mkdir()
    (tmp_path / DRILL / "record.sqlite").touch()
    verified = blackstart("verify", "latest", "--reports-dir", tmp_path)
    assert verified.returncode == 1
    assert verified.stdout.startswith("unclosed: the record is empty")
    assert blackstart("recover", "--reports-dir", tmp_path).returncode == 0
    assert blackstart("verify", "latest", "--reports-dir", tmp_path).returncode == 0
