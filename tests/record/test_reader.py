"""A record can be read at any moment, from anywhere, by anybody, and its writer notices nothing."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import RecordError
from blackstart.events import DrillClosed, DrillOpened, Event, StageEntered
from blackstart.record.reader import follow, header, last, lines, read
from blackstart.record.store import Record
from blackstart.record.verify import verify
from blackstart.testing import ManualTime

if TYPE_CHECKING:
    from tests.conftest import FullDisk
    from tests.record.conftest import Write

    from blackstart.clock import Stamp


@pytest.mark.parametrize("name", ["", "record.sqlite", "record.jsonl"])
def test_a_folder_a_database_and_a_lines_file_are_one(tmp_path: Path, write: Write, name: str) -> None:
    bodies = write(tmp_path, 5)
    events = read(tmp_path / name)
    assert [event.body for event in events[:-1]] == bodies
    assert last(tmp_path / name) == events[-1]
    assert header(tmp_path / name) == bodies[0]
    assert [event.to_line().encode() for event in events] == lines(tmp_path / name)


def test_a_folder_may_be_called_anything(tmp_path: Path, write: Write) -> None:
    folder = tmp_path / "50% off? #1 'quoted' ünïcode"
    folder.mkdir()
    write(folder, 3)
    assert len(read(folder)) == 4


@pytest.mark.parametrize("name", ["", "record.sqlite", "record.jsonl", "nowhere"])
def test_where_there_is_no_record(tmp_path: Path, name: str) -> None:
    for reading in (read, last, header, lines):
        with pytest.raises(RecordError, match="there is no record at"):
            reading(tmp_path / name)


def test_a_record_without_events_is_empty(tmp_path: Path) -> None:
    """Its writer died after it made the file, before the first event."""
    (tmp_path / "record.sqlite").touch()
    assert read(tmp_path) == []
    assert last(tmp_path) is None
    assert verify(tmp_path).state == "unclosed"
    with pytest.raises(RecordError, match="does not begin with a drill"):
        header(tmp_path)


def test_a_torn_last_line_is_left_out(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 4)
    path = tmp_path / "record.jsonl"
    whole = read(path)
    path.write_bytes(path.read_bytes()[:-1])
    assert read(path) == whole[:-1]


@pytest.mark.parametrize(
    "line", ["{", "[]", "{}", "7", "{},{}", "{}],[{}", '{"seq":1}', "\ud800", "[" * 100_000]
)
def test_damage_has_a_place(tmp_path: Path, write: Write, line: str) -> None:
    write(tmp_path, 4)
    path = tmp_path / "record.jsonl"
    damaged = path.read_bytes().splitlines()
    damaged[2] = line.encode("utf-8", "surrogatepass")
    path.write_bytes(b"\n".join(damaged) + b"\n")
    with pytest.raises(RecordError, match=r"^event 3 of the record .* is damaged"):
        read(path)


def test_what_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "record.sqlite").write_bytes(b"nonsense" * 1000)
    with pytest.raises(RecordError, match="is not a readable record: file is not a database"):
        read(tmp_path)


def test_an_earlier_record_of_a_later_kind_is_read(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 3)
    path = tmp_path / "record.jsonl"
    event = json.loads(path.read_bytes().splitlines()[1]) | {"kind": "moon.rose", "data": {"phase": 1}}
    path.write_text(json.dumps(event) + "\n")
    assert [(event.kind, event.body.to_data()) for event in read(path)] == [("moon.rose", {"phase": 1})]


def test_the_collector_is_as_it_was(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 3)
    read(tmp_path)
    assert gc.isenabled()
    gc.disable()
    try:
        read(tmp_path)
        assert not gc.isenabled()
    finally:
        gc.enable()


# --- crashed, and read-only -----------------------------------------------------------------------

DYING = """
import os, sys
from pathlib import Path
from blackstart.clock import Stamp
from blackstart.events import StageEntered
from blackstart.record.store import Record
record = Record.create(Path(sys.argv[1]))
for number in range(20):
    record.append(StageEntered(str(number)), stamp=Stamp("a", "w", 1, 0.0), actor="a", source="harness")
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def crashed() -> Iterator[Path]:
    """A record whose writer was killed: its last events stand in the journal alone. Readable by every user."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ended = subprocess.run([sys.executable, "-c", DYING, folder], check=False)
        assert ended.returncode == -signal.SIGKILL
        assert (folder / "record.sqlite-wal").stat().st_size > 0
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """Makes a folder read-only, for root as well: file permissions bind only the others."""

    def lock(folder: Path) -> None:
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        if os.getuid() == 0:
            os.seteuid(65534)

    yield lock
    if os.getuid() == 0:
        os.seteuid(0)


@pytest.mark.parametrize("left", [("-wal", "-shm"), ("-wal",)])
def test_a_crashed_record_is_read_whole_where_nothing_can_be_written(
    crashed: Path, read_only: Callable[[Path], None], left: tuple[str, ...]
) -> None:
    for name in {"-wal", "-shm"} - set(left):
        (crashed / f"record.sqlite{name}").unlink()
    read_only(crashed)
    assert [event.seq for event in read(crashed)] == list(range(1, 21))
    assert verify(crashed).state == "unclosed"


def test_a_record_is_read_on_a_full_disk(tmp_path: Path, write: Write, full_disk: FullDisk) -> None:
    write(tmp_path, 4, close=False)
    with full_disk(0):
        assert len(read(tmp_path)) == 4
        assert verify(tmp_path).state == "unclosed"


def test_reading_a_crashed_record_changes_no_event(crashed: Path) -> None:
    shutil.copytree(crashed, crashed / "copy")
    for _ in range(2):
        assert [event.seq for event in read(crashed / "copy")] == list(range(1, 21))


def test_a_closed_record_is_read_where_nothing_can_be_written(
    crashed: Path, read_only: Callable[[Path], None], stamp: Stamp
) -> None:
    Record.reopen(crashed).close(stamp)
    read_only(crashed)
    assert len(read(crashed)) == 21
    assert verify(crashed).state == "ok"


# --- following ------------------------------------------------------------------------------------


@dataclass
class Acting(ManualTime):
    """Manual time in which something happens at each sleep."""

    acts: list[Callable[[], object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.acts.pop(0)()


def test_following_gives_each_event_once_and_ends_with_the_drill(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)

    def enter(stage: str) -> Event:
        return record.append(StageEntered(stage), stamp=stamp, actor="a", source="harness")

    enter("before")
    acts: list[Callable[[], object]] = [
        lambda: None,
        lambda: [enter("respond"), enter("observe")],
        lambda: record.close(stamp),
    ]
    followed = list(follow(tmp_path, source=Acting(acts)))
    assert followed == read(tmp_path)
    assert followed[-1].kind == DrillClosed.kind
    assert acts == []


def test_following_ends_when_the_reader_says_so_and_misses_nothing(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    asked: list[bool] = []

    def dead() -> bool:
        """The writer's last event comes just before its death is seen."""
        asked.append(len(asked) == 2)
        if asked[-1]:
            record.append(StageEntered("last words"), stamp=stamp, actor="a", source="harness")
        return asked[-1]

    followed = list(follow(tmp_path, until=dead, source=ManualTime()))
    assert [event.body for event in followed] == [StageEntered("last words")]
    record.leave()


def test_following_where_there_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="there is no record at"):
        next(follow(tmp_path))


def test_readers_never_hold_up_the_writer(tmp_path: Path, write: Write, stamp: Stamp) -> None:
    write(tmp_path, 3, close=False)
    reading = follow(tmp_path)
    assert isinstance(next(reading).body, DrillOpened)
    record = Record.reopen(tmp_path)
    record.append(StageEntered("respond"), stamp=stamp, actor="a", source="harness")
    record.close(stamp)
    assert len(list(reading)) == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["record.jsonl", "record.sqlite"]
