"""Redacted words are gone from every file of the record, and nothing else is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blackstart.errors import RecordError, UsageError
from blackstart.events import FreeText, StageEntered, ThreadPosted
from blackstart.record import sqlite
from blackstart.record.exchange import export, import_
from blackstart.record.reader import read
from blackstart.record.redact import redact
from blackstart.record.store import Record
from blackstart.record.verify import verify
from blackstart.testing import History

if TYPE_CHECKING:
    from tests.record.conftest import Write

    from blackstart.clock import Stamp


def test_the_bytes_are_gone(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 6)
    redact(tmp_path, 4)
    for file in tmp_path.iterdir():
        assert b"word 3" not in file.read_bytes(), file.name
    body = read(tmp_path)[3].body
    assert isinstance(body, ThreadPosted)
    assert (body.text.text, body.text.shown) == (None, "[redacted]")
    other = read(tmp_path)[1].body
    assert isinstance(other, ThreadPosted)
    assert other.text.shown.startswith("word 1")


@pytest.mark.parametrize("close", [True, False])
@pytest.mark.parametrize("name", ["", "record.sqlite", "record.jsonl"])
def test_the_record_still_verifies(tmp_path: Path, write: Write, name: str, close: bool) -> None:
    write(tmp_path, 6, close=close)
    before = read(tmp_path)
    redact(tmp_path, 4)
    after = read(tmp_path / name)
    assert verify(tmp_path / name).state == ("ok" if close else "unclosed")
    assert [event.hash for event in after] == [event.hash for event in before]
    assert [event for event in after if event.seq != 4] == [event for event in before if event.seq != 4]


@settings(max_examples=20)
@given(st.text(min_size=8, max_size=60))
def test_no_byte_of_the_words_or_their_salt_stays(
    tmp_path_factory: pytest.TempPathFactory, words: str
) -> None:
    folder = tmp_path_factory.mktemp("redact")
    history = History()
    text = FreeText.of("!secret! " + words)
    for number in range(100):
        history.add(StageEntered("x" * number * 20))
    history.add(ThreadPosted("m", "incident", text))
    history.close()
    history.save(folder)
    redact(folder, 101)
    for path in folder.iterdir():
        content = path.read_bytes()
        assert text.salt.encode() not in content
        assert b"!secret!" not in content
    assert verify(folder).state == "ok"


def test_a_redaction_that_was_cut_short_is_finished_by_another(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 6)
    lines = (tmp_path / "record.jsonl").read_bytes()
    redact(tmp_path, 4)
    (tmp_path / "record.jsonl").write_bytes(lines)
    assert verify(tmp_path).state == "altered"
    redact(tmp_path, 4)
    assert verify(tmp_path).state == "ok"
    assert b"word 3" not in (tmp_path / "record.jsonl").read_bytes()


def test_a_redacted_record_travels(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 6)
    redact(tmp_path, 4)
    export(tmp_path, tmp_path / "out.jsonl")
    assert read(import_(tmp_path / "out.jsonl", tmp_path / "elsewhere")) == read(tmp_path)


def test_a_running_drill_is_not_redacted(tmp_path: Path, stamp: Stamp) -> None:
    record = Record.create(tmp_path)
    body = ThreadPosted("m", "incident", FreeText.of("word"))
    record.append(body, stamp=stamp, actor="a", source="thread")
    with pytest.raises(UsageError, match="is being written by another process"):
        redact(tmp_path, 1)
    record.leave()
    assert read(tmp_path)[0].body == body


def test_words_that_a_reader_holds_are_not_said_to_be_gone(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 6, close=False)
    monkeypatch.setattr(sqlite, "_BUSY_S", 0.01)
    with closing(sqlite3.connect(tmp_path / "record.sqlite")) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (6,)
        with pytest.raises(RecordError, match=r"event 4 of .* may still have its words"):
            redact(tmp_path, 4)
        reader.rollback()
    redact(tmp_path, 4)
    assert verify(tmp_path).state == "unclosed"


def test_a_damaged_event_is_not_touched(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 6)
    with closing(sqlite3.connect(tmp_path / "record.sqlite")) as database, database:
        database.execute("UPDATE events SET line = '{' WHERE seq = 4")
    with pytest.raises(RecordError, match=r"event 4 of .* is damaged"):
        redact(tmp_path, 4)


@pytest.mark.parametrize(
    ("seq", "what"),
    [(99, "has no event 99"), (0, "has no event 0"), (-1, "has no event -1"), (3, "it has no words")],
)
def test_what_cannot_be_redacted(tmp_path: Path, write: Write, seq: int, what: str) -> None:
    write(tmp_path, 6)
    with pytest.raises(UsageError, match=what):
        redact(tmp_path, seq)
