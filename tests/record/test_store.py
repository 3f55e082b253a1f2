"""Append: on disk when it returns, one order for many writers, readable at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.events import HarnessError, StageEntered
from blackstart.record.reader import read
from blackstart.record.store import GENESIS, Record, WriteFailed
from blackstart.record.verify import verify

if TYPE_CHECKING:
    from tests.record.conftest import Write

    from blackstart.clock import Stamp


def test_what_was_appended_is_read_back(tmp_path: Path, write: Write) -> None:
    bodies = write(tmp_path, 6)
    events = read(tmp_path)
    assert [event.body for event in events[:-1]] == bodies
    assert [event.seq for event in events] == list(range(1, 8))
    assert events[0].prev == GENESIS
    assert events[-1].kind == "drill.closed"


def test_the_lines_file_says_the_same(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 6)
    assert read(tmp_path / "record.jsonl") == read(tmp_path)


def test_an_event_is_on_disk_when_append_returns(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    event = record.append(StageEntered("respond"), stamp=stamp, actor="harness", source="harness")
    assert read(tmp_path) == [event]
    record.leave()


def test_many_writers_make_one_chain(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)

    def work(name: str) -> None:
        for number in range(25):
            record.append(StageEntered(f"{name} {number}"), stamp=stamp, actor=name, source="harness")

    threads = [threading.Thread(target=work, args=(f"writer-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record.close(stamp)
    assert verify(tmp_path).state == "ok"
    events = read(tmp_path)
    assert len(events) == 201
    for number in range(8):
        own = [e.body.to_data()["stage"] for e in events if e.actor == f"writer-{number}"]
        assert own == [f"writer-{number} {n}" for n in range(25)]


def test_what_is_not_json_is_refused_and_the_chain_goes_on(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        record.append(HarnessError("x", object()), stamp=stamp, actor="a", source="harness")  # type: ignore[arg-type]  # the point
    record.append(StageEntered("respond"), stamp=stamp, actor="a", source="harness")
    record.close(stamp)
    assert verify(tmp_path).state == "ok"


def test_a_folder_has_one_record(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    with pytest.raises(WriteFailed, match="there is a record in"):
        Record.create(tmp_path)


def test_a_folder_that_is_not_there_is_an_error_not_a_hang(tmp_path: Path) -> None:
    with pytest.raises(WriteFailed, match="cannot be written"):
        Record.create(tmp_path / "nowhere")


def test_a_record_goes_on_where_it_stopped(tmp_path: Path, write: Write, stamp: Stamp) -> None:
    write(tmp_path, 4, close=False)
    record = Record.reopen(tmp_path)
    record.append(StageEntered("again"), stamp=stamp, actor="a", source="harness")
    record.close(stamp)
    assert verify(tmp_path).state == "ok"


def test_append_after_the_end_is_an_error_not_a_hang(tmp_path: Path, write: Write, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    record.close(stamp)
    with pytest.raises(WriteFailed, match="is closed"):
        record.append(StageEntered("late"), stamp=stamp, actor="a", source="harness")


WRITER = """
import sys
from pathlib import Path
from blackstart.clock import Stamp
from blackstart.events import StageEntered
from blackstart.record.store import Record
record = Record.create(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    record.append(StageEntered(str(number)), stamp=Stamp("a", "w", 1, 0.0), actor="a", source="harness")
    print(number, flush=True)
"""


def test_every_promised_event_survives_kill_9(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    promised = 0
    for line in process.stdout:
        promised = int(line)
        if promised == 40:
            os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    events = read(tmp_path)
    assert len(events) >= promised >= 40
    assert verify(tmp_path).state == "unclosed"


def test_readable_from_another_process_while_it_runs(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    record.append(StageEntered("respond"), stamp=stamp, actor="harness", source="harness")
    reader = "import sys, pathlib; from blackstart.record.reader import read; print(len(read(pathlib.Path(sys.argv[1]))))"
    out = subprocess.run([sys.executable, "-c", reader, tmp_path], capture_output=True, text=True, check=True)
    assert out.stdout == "1\n"
    record.append(StageEntered("heal"), stamp=stamp, actor="harness", source="harness")
    record.leave()
    assert len((tmp_path / "record.jsonl").read_text().splitlines()) == 2
    assert json.loads((tmp_path / "record.jsonl").read_text().splitlines()[1])["data"] == {"stage": "heal"}
