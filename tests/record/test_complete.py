"""After a crash the lines file becomes what the database says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.errors import RecordError, UsageError
from blackstart.record.complete import complete
from blackstart.record.reader import read
from blackstart.record.store import Record

if TYPE_CHECKING:
    from tests.record.conftest import Write

    from blackstart.clock import Stamp


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, write: Write) -> Path:
    made = tmp_path_factory.mktemp("complete")
    write(made, 6, close=False)
    return made


@given(data=st.data())
def test_wherever_it_was_cut_it_is_whole_again(folder: Path, data: st.DataObject) -> None:
    path = folder / "record.jsonl"
    whole = b"".join(event.to_line().encode() + b"\n" for event in read(folder))
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))] + data.draw(st.binary(max_size=5)))
    changed = path.read_bytes() != whole
    assert complete(folder) is changed
    assert path.read_bytes() == whole
    assert complete(folder) is False


def test_a_file_that_is_gone_is_made(folder: Path) -> None:
    (folder / "record.jsonl").unlink()
    assert complete(folder)
    assert read(folder / "record.jsonl") == read(folder)
    assert not list(folder.glob(".*"))


def test_a_running_drill_is_left_alone(tmp_path: Path) -> None:
    record = Record.create(tmp_path)
    with pytest.raises(UsageError, match="is being written by another process"):
        complete(tmp_path)
    record.leave()
    assert complete(tmp_path) is False


def test_without_a_record_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="there is no record at"):
        complete(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_going_on_begins_with_completing(tmp_path: Path, write: Write, stamp: Stamp) -> None:
    write(tmp_path, 4, close=False)
    path = tmp_path / "record.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    Record.reopen(tmp_path).close(stamp)
    assert read(path) == read(tmp_path)
    assert len(read(path)) == 5
