"""What a dead harness left is healed, proven and closed; what lives is left alone."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from blackstart import watchdog
from blackstart.clock import Stamp
from blackstart.drill.folder import LABEL, REPLICA, label_of, mine, new_label
from blackstart.drill.recover import recover
from blackstart.errors import ReplicaError, UsageError
from blackstart.events import (
    AbortAsked,
    Body,
    DrillEnded,
    DrillOpened,
    FaultHealed,
    FaultHealing,
    FaultProven,
    ReplicaUp,
    StageEntered,
)
from blackstart.faults.ledger import Ledger
from blackstart.record.reader import read
from blackstart.record.store import Record
from blackstart.record.verify import verify
from blackstart.replica.waiting import wait_until
from blackstart.testing import FakeReplica, IdleFault

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

LIMIT_S = 60.0
STAMP = Stamp("2026-04-26T15:30:00.000000Z", "2026-04-26T15:30:00.000000Z", 1, 12.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A drill whose harness died with a fault active."""
    folder = tmp_path / "INC-2026-04-26-001"
    (folder / REPLICA).mkdir(parents=True)
    new_label(folder)
    record = Record.create(folder)
    record.append(StageEntered("respond"), stamp=STAMP, actor="harness", source="harness")
    record.leave()
    ledger = Ledger(folder, folder.name)
    ledger.intend(
        "sealed", type="vault.seal", target="vault", params={}, undo={"address": "x"}, probe="vault"
    )
    ledger.mark("sealed", "effective")
    return folder


def test_a_dead_drill_is_healed_and_closed(folder: Path) -> None:
    (found,) = recover(folder.parent)
    assert (found.drill, found.left) == (folder.name, [])
    assert found.did == [
        "removed its servers' data",
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


@pytest.fixture
def server(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One process of the drill's replica that still runs."""
    label = label_of(folder)
    with subprocess.Popen(
        ["sleep", "600"], env={"BLACKSTART_LABEL": label, "PATH": "/usr/bin:/bin"}
    ) as process:  # it carries its label from some moment of its exec on
        assert wait_until(lambda: watchdog.processes(label) == [process.pid], LIMIT_S)
        yield process
        process.kill()


def attached(monkeypatch: pytest.MonkeyPatch, replica: object) -> None:
    """What attaching to the drill's servers gives, or raises."""

    def attach(folder: Path, label: str) -> object:
        if isinstance(replica, Exception):
            raise replica
        return replica

    monkeypatch.setattr("blackstart.replica.local.LocalReplica.attach", staticmethod(attach))


class Seal(IdleFault):
    """Is gone once it was healed, unless it clings."""

    name: ClassVar[str] = "vault.seal"
    healed: ClassVar[list[str]] = []

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        self.healed.append(target)


def test_servers_that_still_run_are_healed_before_they_are_ended(
    folder: Path, server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    attached(monkeypatch, FakeReplica(["vault"], folder))
    monkeypatch.setattr("blackstart.faults.healer.of_row", lambda row: Seal())
    (found,) = recover(folder.parent)
    assert found.did == [
        "healed the fault sealed (vault.seal on vault): proven by vault",
        "ended 1 process of its replica",
        "removed its servers' data",
        "closed its record of 1 events",
    ]
    assert Seal.healed == ["vault"]
    assert Ledger(folder).states("sealed") == ["intended", "effective", "healing", "healed", "proven"]
    assert server.wait() == -9
    assert told(folder) == [("recover", "vault")]


def test_servers_that_cannot_be_reached_are_ended(
    folder: Path, server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    attached(monkeypatch, ReplicaError("no site.json"))
    (found,) = recover(folder.parent)
    assert found.did[:2] == [
        "did not heal in its servers, which cannot be reached: no site.json",
        "ended 1 process of its replica",
    ]
    assert server.wait() == -9
    assert watchdog.processes(label_of(folder)) == []
    assert told(folder) == [("recover", "replica-down")]


def told(folder: Path) -> list[tuple[str, str]]:
    """Who healed each fault and what proved it, by the record."""
    events = read(folder)
    healed = [event.body.by for event in events if isinstance(event.body, FaultHealed)]
    proven = [event.body.probe for event in events if isinstance(event.body, FaultProven)]
    return list(zip(healed, proven, strict=True))


def test_what_the_watchdog_has_healed_is_put_on_record_as_its(folder: Path) -> None:
    Ledger(folder).mark("sealed", "proven")
    (found,) = recover(folder.parent)
    assert found.did == ["removed its servers' data", "closed its record of 1 events"]
    assert told(folder) == [("watchdog", "vault")]


def test_what_people_had_mended_is_put_on_record_as_theirs(folder: Path) -> None:
    Ledger(folder).mark("sealed", "recovered")
    recover(folder.parent)
    assert told(folder) == [("people", "replica-down")]


def test_a_record_that_never_got_its_first_event_is_closed(folder: Path) -> None:
    for name in ("record.sqlite", "record.jsonl", "ledger.jsonl"):
        (folder / name).unlink()
    (folder / "record.sqlite").touch()
    assert verify(folder).state == "unclosed"
    assert verify(folder).why.startswith("the record is empty")
    (found,) = recover(folder.parent)
    assert (found.did[-1], found.left) == ("closed its record of 0 events", [])
    assert verify(folder).state == "ok"
    assert recover(folder.parent) == []


@pytest.mark.parametrize("cut", [1, 200])
def test_a_harness_that_died_between_the_two_files_of_a_closed_record(folder: Path, cut: int) -> None:
    recover(folder.parent)
    lines = folder / "record.jsonl"
    lines.write_bytes(lines.read_bytes()[:-cut])
    assert verify(folder).state == "torn"
    (found,) = recover(folder.parent)
    assert found.did == ["completed record.jsonl from the database"]
    assert verify(folder).state == "ok"


def test_a_folder_without_anything_needs_nothing_and_is_left_as_it_is(tmp_path: Path) -> None:
    empty = tmp_path / "INC-2026-04-26-001"
    empty.mkdir()
    assert recover(tmp_path) == []
    assert list(empty.iterdir()) == []


def test_a_file_is_no_folder_of_drills(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is no folder"):
        recover(tmp_path / "file")
    assert recover(tmp_path / "nothing-here") == []


def test_a_line_of_the_ledger_that_nobody_can_read_is_left_to_a_person(folder: Path) -> None:
    ledger = folder / "ledger.jsonl"
    ledger.write_bytes(b"?\n" + ledger.read_bytes())
    for _ in range(2):
        (found,) = recover(folder.parent)
        assert found.left == [
            f"{ledger}: line 1 cannot be read; see what it was: sed -n 1p {ledger} "
            f"and, when nothing of it is left, remove it: sed -i 1d {ledger}"
        ]
    subprocess.run(["sed", "-i", "1d", ledger], check=True)
    assert recover(folder.parent) == []
    assert verify(folder).state == "ok"


def test_data_that_stays_is_named_and_nothing_is_called_proven(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blackstart.drill.recover.remove_replica", lambda folder: None)
    (found,) = recover(folder.parent)
    assert found.left == [
        f"its data cannot be removed; remove it by hand: rm -rf {folder / REPLICA}",
    ]
    assert [row.fault for row in Ledger(folder).open_rows()] == ["sealed"]
    assert told(folder) == []


def test_a_process_that_does_not_end_is_named_and_nothing_is_called_proven(
    folder: Path, server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    attached(monkeypatch, ReplicaError("no site.json"))
    monkeypatch.setattr("blackstart.watchdog.kill", lambda label: [])
    (found,) = recover(folder.parent)
    assert found.left == [f"process {server.pid} does not end; end it by hand: kill -9 {server.pid}"]
    assert [row.fault for row in Ledger(folder).open_rows()] == ["sealed"]
    assert (folder / REPLICA).exists()


def test_a_replica_whose_faults_outlive_its_servers_says_what_to_undo(folder: Path) -> None:
    with_header(folder, "elsewhere")
    (found,) = recover(folder.parent)
    assert found.left == [
        "the fault sealed (vault.seal on vault) may be left in the replica elsewhere; "
        "undo it by hand with what stands in its row: {'address': 'x'}"
    ]


def with_header(folder: Path, replica: str) -> None:
    """Begin the drill's record anew, by the header of a drill on that replica."""
    (folder / "record.sqlite").unlink()
    (folder / "record.jsonl").unlink()
    opened = DrillOpened(
        folder.name,
        1,
        "0",
        "s.yaml",
        "c",
        1,
        replica,
        "jump",
        1.0,
        "2026-04-26T15:30:00.000000Z",
        1.0,
        [],
        [],
    )
    record = Record.create(folder)
    record.append(opened, stamp=STAMP, actor="harness", source="harness")
    record.leave()


def test_what_goes_wrong_with_one_drill_keeps_no_other_from_being_recovered(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder, folder.parent / "INC-2026-04-26-002")
    whole = Record.reopen

    def reopen(where: Path) -> Record:
        if where == folder:
            raise OSError(errno.ENOSPC, "No space left on device", str(where / "record.sqlite"))
        return whole(where)

    monkeypatch.setattr(Record, "reopen", reopen)
    first, second = recover(folder.parent)
    assert first.left == [
        f"{folder / 'record.sqlite'}: No space left on device; mend that, and run: blackstart recover"
    ]
    assert second.left == []
    assert verify(folder.parent / second.drill).state == "ok"


def test_it_waits_for_the_watchdog_that_is_at_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("blackstart.watchdog.finished", asked.append)
    recover(folder.parent)
    assert asked == [folder]


def append(folder: Path, *bodies: Body) -> None:
    """What the harness had put on record before it died."""
    record = Record.reopen(folder)
    for body in bodies:
        record.append(body, stamp=STAMP, actor="harness", source="harness")
    record.leave()


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_label_that_was_lost_is_taken_from_the_record(
    folder: Path, server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    append(folder, ReplicaUp(label_of(folder), []))
    attached(monkeypatch, ReplicaError("no site.json"))
    lose_label(folder, content)
    (found,) = recover(folder.parent)
    assert (found.did[1], found.left) == ("ended 1 process of its replica", [])
    assert server.wait() == -9


def lose_label(folder: Path, content: str | None = None) -> str:
    label = label_of(folder)
    (folder / LABEL).unlink()
    if content is not None:
        (folder / LABEL).write_text(content)
    return label


def test_or_from_what_the_replica_has_written_of_itself(
    folder: Path, server: subprocess.Popen[bytes]
) -> None:
    (folder / REPLICA / "site.json").write_text(json.dumps({"label": lose_label(folder)}))
    (found,) = recover(folder.parent)
    assert found.left == []
    assert server.wait() == -9


def test_without_any_label_nothing_is_called_healed_and_the_command_finds_it(
    folder: Path, server: subprocess.Popen[bytes]
) -> None:
    label = lose_label(folder)
    (found,) = recover(folder.parent)
    assert found.did == []
    (left,) = found.left
    assert left.startswith("its label is lost, so that its servers, if they still run, cannot be found; ")
    assert left.endswith(f"to {folder / LABEL}, and run: blackstart recover")
    command = left.partition("look for it: ")[2].partition(";")[0]
    seen = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False).stdout
    assert f"{watchdog.VARIABLE}={label}" in seen.splitlines()
    assert [row.state for row in Ledger(folder).open_rows()] == ["effective"]
    assert (folder / REPLICA).exists()
    (folder / LABEL).write_text(label)
    assert recover(folder.parent)[0].left == []
    assert server.wait() == -9


def test_whatever_goes_wrong_with_one_drill_is_told_in_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder, folder.parent / "INC-2026-04-26-002")

    def bug(where: Path) -> None:
        if where == folder:
            raise KeyError("x")

    monkeypatch.setattr("blackstart.drill.recover.keep_logs", bug)
    first, second = recover(folder.parent)
    assert first.left == [
        f"it cannot be recovered: KeyError: 'x'; see what is in {folder}, and run: blackstart recover"
    ]
    assert second.left == []


def test_whatever_healing_raises_its_servers_are_ended(
    folder: Path, server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    attached(monkeypatch, object())
    (found,) = recover(folder.parent)
    assert found.did[0].startswith("did not heal in its servers: AttributeError: ")
    assert found.left == []
    assert server.wait() == -9


def test_a_ledger_that_cannot_be_read_keeps_no_server_alive(
    folder: Path, server: subprocess.Popen[bytes]
) -> None:
    (folder / "ledger.jsonl").unlink()
    (folder / "ledger.jsonl").mkdir()
    (found,) = recover(folder.parent)
    seen = f"the ledger {folder / 'ledger.jsonl'} cannot be read: Is a directory"
    assert found.did[0] == f"did not heal in its servers: {seen}"
    assert found.left == [f"{seen}; mend that, and run: blackstart recover"]
    assert server.wait() == -9


def test_a_drill_that_died_while_it_was_being_aborted(folder: Path) -> None:
    append(folder, AbortAsked("operator", "signal"), FaultHealing("sealed"), FaultHealed("sealed", "harness"))
    (found,) = recover(folder.parent)
    assert found.left == []
    events = read(folder)
    assert [event.kind for event in events][-6:] == [
        "fault.healed",
        "harness.error",
        "drill.ended",
        "fault.proven",
        "replica.down",
        "drill.closed",
    ]
    assert [event.body.reason for event in events if isinstance(event.body, DrillEnded)] == ["aborted"]
    assert verify(folder).state == "ok"
    assert Ledger(folder).open_rows() == []


def test_what_is_healed_after_the_record_was_closed_is_told(folder: Path) -> None:
    """As after a drill that could not prove its healing: it closes its record all the same."""
    record = Record.reopen(folder)
    record.close(STAMP)
    shutil.rmtree(folder / REPLICA)
    before = read(folder)
    (found,) = recover(folder.parent)
    assert (found.did, found.left) == (
        [
            "healed the fault sealed (vault.seal on vault): its servers are gone",
            "its record was closed before: only the ledger says that this is healed",
        ],
        [],
    )
    assert read(folder) == before
    assert recover(folder.parent) == []


def test_a_watchdog_that_somebody_stopped_is_ended(folder: Path) -> None:
    guard = watchdog.start(label_of(folder), folder)
    os.kill(guard.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, guard.pid, os.WSTOPPED | os.WNOWAIT)
    with mine(folder):
        assert recover(folder.parent) == []  # its harness lives, and sees to it itself
        assert not os.waitid(os.P_PID, guard.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    (found,) = recover(folder.parent)
    assert found.did[0] == f"ended its watchdog ({guard.pid}), which was stopped"
    guard.goodbye()
