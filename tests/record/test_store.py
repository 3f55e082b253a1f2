"""Append: on disk when it returns, one order for many writers, readable at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.chain import MAX_LINE
from blackstart.errors import RecordError, UsageError
from blackstart.events import Body, DrillClosed, Event, FaultIntended, HarnessError, StageEntered
from blackstart.record import jsonl
from blackstart.record.complete import complete
from blackstart.record.reader import read
from blackstart.record.sqlite import Sqlite
from blackstart.record.store import GENESIS, MOST, Record, WriteFailed
from blackstart.record.verify import verify

if TYPE_CHECKING:
    from tests.conftest import FullDisk
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


def test_the_body_is_copied_when_it_is_appended(tmp_path: Path, stamp: Stamp) -> None:
    params: dict[str, Any] = {"ports": (1, 2)}
    record = Record.create(tmp_path)
    body = FaultIntended("f", "t", "x", params, {}, "p", 5.0)
    event = record.append(body, stamp=stamp, actor="harness", source="harness")
    params["ports"] = "changed"
    record.leave()
    assert read(tmp_path) == [event]
    assert event.body.to_data()["params"] == {"ports": [1, 2]}


@pytest.mark.parametrize(
    "body",
    [
        FaultIntended("f", "t", "x", {"a": float("nan")}, {}, "p", 5.0),
        FaultIntended("f", "t", "x", {}, {"a": object()}, "p", 5.0),
        FaultIntended("f", "t", "x", {}, {}, "p", float("inf")),
        StageEntered("x" * MAX_LINE),
    ],
    ids=["nan", "object", "infinity", "huge"],
)
def test_what_no_reader_could_read_is_refused_at_once(tmp_path: Path, stamp: Stamp, body: Body) -> None:
    record = Record.create(tmp_path)
    with pytest.raises(ValueError, match="an event cannot be written"):
        record.append(body, stamp=stamp, actor="a", source="harness")
    record.append(StageEntered("respond"), stamp=stamp, actor="a", source="harness")
    record.close(stamp)
    assert len(read(tmp_path)) == 2


def test_a_body_without_a_bottom_is_refused(tmp_path: Path, stamp: Stamp) -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    record = Record.create(tmp_path)
    with pytest.raises(ValueError, match="nested too deeply"):
        record.append(
            FaultIntended("f", "t", "x", loop, {}, "p", 5.0), stamp=stamp, actor="a", source="harness"
        )
    record.leave()


def test_a_stamp_that_is_no_time_is_refused(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        record.append(
            StageEntered("x"), stamp=replace(stamp, drill_s=float("nan")), actor="a", source="harness"
        )
    record.leave()
    assert read(tmp_path) == []


def test_only_closing_ends_a_record(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    with pytest.raises(ValueError, match="only `close` writes the last event"):
        record.append(DrillClosed(0, GENESIS), stamp=stamp, actor="a", source="harness")
    record.close(stamp)
    assert [event.body for event in read(tmp_path)] == [DrillClosed(0, GENESIS)]


def test_what_is_appended_later_is_in_order_and_done_when_on_disk(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    waiting = [
        record.append_later(StageEntered(str(number)), stamp=stamp, actor="a", source="harness")
        for number in range(2 * MOST + 1)
    ]
    assert not any(one.cancel() for one in waiting)
    record.close(stamp)
    assert [one.result().seq for one in waiting] == list(range(1, 2 * MOST + 2))
    assert read(tmp_path)[:-1] == [one.result() for one in waiting]


def test_closing_counts_what_others_append_meanwhile(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    kept: list[Event] = []
    under_way = threading.Event()

    def work() -> None:
        try:
            while True:
                kept.append(record.append(StageEntered("x"), stamp=stamp, actor="a", source="harness"))
                if len(kept) > 50:
                    under_way.set()
        except WriteFailed:
            return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    under_way.wait()
    record.close(stamp)
    for thread in threads:
        thread.join()
    assert verify(tmp_path).state == "ok"
    assert sorted(event.seq for event in kept) == list(range(1, len(read(tmp_path))))


def test_leaving_twice_is_leaving_once_and_closing_after_it_is_an_error(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    record.leave()
    record.leave()
    with pytest.raises(WriteFailed, match="is no longer open"):
        record.close(stamp)


def test_a_closed_record_is_one_plain_file_beside_its_lines(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["record.jsonl", "record.sqlite"]


def test_a_record_has_one_writer(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    with pytest.raises(UsageError, match="is being written by another process"):
        Record.reopen(tmp_path)
    record.append(StageEntered("respond"), stamp=stamp, actor="a", source="harness")
    record.close(stamp)
    assert verify(tmp_path).state == "ok"


def test_a_closed_record_is_not_opened_again(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    with pytest.raises(WriteFailed, match="is closed"):
        Record.reopen(tmp_path)
    assert verify(tmp_path).state == "ok"


def test_where_there_is_no_record_none_is_reopened(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="there is no record at"):
        Record.reopen(tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- a full disk ----------------------------------------------------------------------------------


def test_a_full_disk_is_told_to_everybody_and_the_record_stays_readable(
    tmp_path: Path, stamp: Stamp, full_disk: FullDisk
) -> None:
    record = Record.create(tmp_path)
    first = record.append(StageEntered("before"), stamp=stamp, actor="a", source="harness")
    with full_disk((tmp_path / "record.sqlite-wal").stat().st_size):
        waiting = [
            record.append_later(StageEntered(f"lost {n}"), stamp=stamp, actor="a", source="harness")
            for n in range(3)
        ]
        failures = [one.exception() for one in waiting]
        assert read(tmp_path) == [first]
    assert all(isinstance(failure, WriteFailed) for failure in failures)
    assert "cannot be written: disk I/O error" in str(failures[0])
    second = record.append(StageEntered("after"), stamp=stamp, actor="a", source="harness")
    record.close(stamp)
    assert read(tmp_path)[:2] == [first, second]
    assert verify(tmp_path).state == "ok"


def test_a_drill_that_cannot_be_closed_can_be_closed_later(
    tmp_path: Path, stamp: Stamp, full_disk: FullDisk
) -> None:
    record = Record.create(tmp_path)
    record.append(StageEntered("before"), stamp=stamp, actor="a", source="harness")
    with full_disk((tmp_path / "record.sqlite-wal").stat().st_size):
        with pytest.raises(WriteFailed, match="cannot be written"):
            record.close(stamp)
    assert verify(tmp_path).state == "unclosed"
    Record.reopen(tmp_path).close(stamp)
    assert verify(tmp_path).state == "ok"


def test_the_lines_may_lag_and_the_drill_goes_on(tmp_path: Path, stamp: Stamp) -> None:
    (tmp_path / "record.jsonl").symlink_to("/dev/full")
    record = Record.create(tmp_path)
    kept = [record.append(StageEntered(n), stamp=stamp, actor="a", source="harness") for n in "abc"]
    with pytest.raises(WriteFailed, match=r"record\.jsonl lacks the events from 1 on"):
        record.close(stamp)
    assert read(tmp_path)[:3] == kept
    (tmp_path / "record.jsonl").unlink()
    assert complete(tmp_path)
    assert verify(tmp_path).state == "ok"


def test_lines_that_lagged_catch_up(tmp_path: Path, stamp: Stamp, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record.create(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(jsonl.Lines, "_write", half_a_line)
        record.append(StageEntered("a"), stamp=stamp, actor="a", source="harness")
        record.append(StageEntered("b"), stamp=stamp, actor="a", source="harness")
        assert (tmp_path / "record.jsonl").read_bytes() == b""
    record.append(StageEntered("c"), stamp=stamp, actor="a", source="harness")
    assert read(tmp_path / "record.jsonl") == read(tmp_path)
    record.close(stamp)
    assert verify(tmp_path).state == "ok"


def half_a_line(lines: jsonl.Lines, text: bytes) -> None:
    os.write(lines._file, text[: len(text) // 2])
    raise OSError(28, "No space left on device")


def test_a_writer_that_breaks_leaves_nobody_waiting(
    tmp_path: Path, stamp: Stamp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(store: Sqlite, first: int, lines: list[str]) -> None:
        raise RuntimeError("the store is broken")

    record = Record.create(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Sqlite, "append", breaks)
        with pytest.raises(WriteFailed, match="the store is broken"):
            record.append(StageEntered("x"), stamp=stamp, actor="a", source="harness")
    record.append(StageEntered("y"), stamp=stamp, actor="a", source="harness")
    record.close(stamp)
    assert verify(tmp_path).state == "ok"


# --- other processes, other deaths ----------------------------------------------------------------


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
