"""Any byte flipped, any line removed, moved or repeated, and a cut tail is found."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.errors import RecordError
from blackstart.record.redact import redact
from blackstart.record.verify import verify

if TYPE_CHECKING:
    from tests.record.conftest import Write

COUNT = 8


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory, write: Write) -> Path:
    folder = tmp_path_factory.mktemp("intact")
    write(folder, COUNT)
    return folder / "record.jsonl"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "record.jsonl"


def state(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return verify(path).state


def test_an_untouched_record_is_ok(intact: Path) -> None:
    assert verify(intact).state == verify(intact.parent).state == "ok"


@given(data=st.data())
def test_any_flipped_byte_is_found(intact: Path, damaged: Path, data: st.DataObject) -> None:
    content = bytearray(intact.read_bytes())
    where = data.draw(st.integers(0, len(content) - 1))
    content[where] ^= data.draw(st.integers(1, 255))
    assert state(damaged, bytes(content)) != "ok"


@given(st.integers(0, COUNT))
def test_any_removed_line_is_found(intact: Path, damaged: Path, number: int) -> None:
    lines = intact.read_bytes().splitlines(keepends=True)
    del lines[number]
    assert state(damaged, b"".join(lines)) == ("unclosed" if number == COUNT else "altered")


@given(st.integers(0, COUNT - 1))
def test_swapped_lines_are_found(intact: Path, damaged: Path, number: int) -> None:
    lines = intact.read_bytes().splitlines(keepends=True)
    lines[number], lines[number + 1] = lines[number + 1], lines[number]
    assert state(damaged, b"".join(lines)) == "altered"


@given(st.integers(0, COUNT))
def test_a_repeated_line_is_found(intact: Path, damaged: Path, number: int) -> None:
    lines = intact.read_bytes().splitlines(keepends=True)
    lines.insert(number, lines[number])
    assert state(damaged, b"".join(lines)) == "altered"


@given(data=st.data())
def test_a_cut_tail_is_found(intact: Path, damaged: Path, data: st.DataObject) -> None:
    content = intact.read_bytes()
    cut = data.draw(st.integers(0, len(content) - 1))
    expected = "unclosed" if content[:cut].endswith(b"\n") or cut == 0 else "torn"
    assert state(damaged, content[:cut]) == expected


def test_a_changed_row_of_the_database_is_found(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    database = sqlite3.connect(tmp_path / "record.sqlite")
    with database:
        database.execute("UPDATE events SET line = replace(line, 'stage 2', 'stage 3')")
    database.close()
    verdict = verify(tmp_path)
    assert (verdict.state, verdict.event) == ("altered", 3)


def test_words_that_were_swapped_are_found_and_redacted_ones_pass(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    path = tmp_path / "record.jsonl"
    changed = path.read_text("utf-8").replace("word 1", "word 9")
    assert state(tmp_path / "changed.jsonl", changed.encode()) == "altered"
    redact(tmp_path, 2)
    assert verify(tmp_path).state == verify(path).state == "ok"


def test_a_drill_that_was_never_closed(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 4, close=False)
    verdict = verify(tmp_path)
    assert (verdict.state, verdict.event) == ("unclosed", 4)


def test_no_record_at_all(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="there is no record at"):
        verify(tmp_path)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "record.sqlite").write_bytes(b"nonsense" * 1000)
    assert verify(tmp_path).state == "altered"
