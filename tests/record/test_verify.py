"""Any byte flipped, any line removed, moved or repeated, and a cut tail is found."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blackstart.chain import Event, chain_hash, write_line
from blackstart.errors import RecordError
from blackstart.events import DrillClosed
from blackstart.record.complete import complete
from blackstart.record.reader import read
from blackstart.record.redact import redact
from blackstart.record.verify import verify, verify_lines
from blackstart.testing import History

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


def test_both_forms_of_a_cut_tail_are_told_apart(intact: Path, damaged: Path) -> None:
    content = intact.read_bytes()
    assert state(damaged, content[:-1]) == "torn"
    assert verify(damaged).event == COUNT + 1
    assert state(damaged, b"") == "unclosed"


@given(st.lists(st.binary(max_size=30), max_size=3))
def test_no_bytes_at_all_break_it(lines: list[bytes]) -> None:
    assert verify_lines(lines).state == ("altered" if lines else "unclosed")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    number=st.integers(0, COUNT),
    field=st.sampled_from(["seq", "kind", "data", "prev", "hash", "actor", "new"]),
    value=ANY,
)
def test_any_other_value_is_found(intact: Path, number: int, field: str, value: object) -> None:
    lines = intact.read_bytes().splitlines()
    event = json.loads(lines[number])
    changed = json.dumps(event | {field: value}, separators=(",", ":")).encode()
    if changed != lines[number]:
        lines[number] = changed
        assert verify_lines(lines).state == "altered"


@given(number=st.integers(0, COUNT), value=ANY)
def test_words_of_another_kind_are_found(intact: Path, number: int, value: object) -> None:
    """The salt, or what stands for the words, is no text: altered, not a crash."""
    lines = intact.read_bytes().splitlines()
    event = json.loads(lines[number])
    for words in ({"text": value, "salt": "", "sha256": ""}, {"text": None, "salt": value, "sha256": value}):
        event["data"] = {"text": words}
        event["hash"] = chain_hash(event)
        lines[number] = write_line(event).encode()
        assert verify_lines(lines).state == "altered"


def test_a_record_that_was_chained_anew_without_an_event_does_not_count_right(intact: Path) -> None:
    """Whoever recomputes every hash fools the chain, but not the count of the last event, unless he sees it."""
    history = History()
    for line in intact.read_bytes().splitlines()[1:-1]:
        history.add(Event.from_line(line).body)
    history.add(DrillClosed(COUNT, history.events[-1].hash))
    verdict = verify_lines([event.to_line().encode() for event in history.events])
    assert (verdict.state, verdict.event, verdict.why) == (
        "altered",
        COUNT,
        "the last event does not count the ones before it",
    )


# --- the database ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("other") / "record.sqlite"


def sound(path: Path, intact: Path) -> bool:
    """Whether a record passes; if it does, it must have exactly the events that were written."""
    passes = verify(path).state == "ok"
    assert not passes or read(path) == read(intact)
    return passes


@settings(max_examples=300)
@given(data=st.data())
def test_no_flipped_byte_of_the_database_passes_as_another_record(
    intact: Path, other: Path, data: st.DataObject
) -> None:
    content = bytearray(intact.with_suffix(".sqlite").read_bytes())
    where = data.draw(st.integers(0, len(content) - 1))
    content[where] ^= data.draw(st.integers(1, 255))
    other.write_bytes(content)
    sound(other, intact)


@given(data=st.data())
def test_a_flipped_byte_of_an_event_in_the_database_is_found(
    intact: Path, other: Path, data: st.DataObject
) -> None:
    content = bytearray(intact.with_suffix(".sqlite").read_bytes())
    line = data.draw(st.sampled_from(intact.read_bytes().splitlines()))
    where = content.index(line) + data.draw(st.integers(0, len(line) - 1))
    content[where] ^= data.draw(st.integers(1, 255))
    other.write_bytes(content)
    assert verify(other).state == "altered"


@given(data=st.data())
def test_a_cut_database_is_found(intact: Path, other: Path, data: st.DataObject) -> None:
    content = intact.with_suffix(".sqlite").read_bytes()
    other.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    assert verify(other).state != "ok"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events WHERE seq = {}",
        "UPDATE events SET line = (SELECT line FROM events WHERE seq = 1) WHERE seq = {}",
        "UPDATE events SET line = replace(line, ':', ': ') WHERE seq = {}",
        "UPDATE events SET line = '' WHERE seq = {}",
        "UPDATE events SET line = replace(line, 'hash', 'h\\u0061sh') WHERE seq = {}",
    ],
)
@pytest.mark.parametrize("seq", [2, COUNT, COUNT + 1])
def test_rows_that_somebody_changed_are_found(intact: Path, other: Path, statement: str, seq: int) -> None:
    shutil.copyfile(intact.with_suffix(".sqlite"), other)
    with closing(sqlite3.connect(other)) as database, database:
        database.execute(statement.format(seq))
    assert verify(other).state == ("unclosed" if "DELETE" in statement and seq == COUNT + 1 else "altered")


@pytest.mark.parametrize("seq", [1, 2, COUNT])
def test_a_row_moved_to_the_end_is_found(intact: Path, other: Path, seq: int) -> None:
    shutil.copyfile(intact.with_suffix(".sqlite"), other)
    with closing(sqlite3.connect(other)) as database, database:
        database.execute("UPDATE events SET seq = 1000 WHERE seq = ?", (seq,))
    assert (verify(other).state, verify(other).event) == ("altered", seq)


# --- both files of a folder -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "expected", "event", "why"),
    [
        (lambda lines: lines[:-1], "torn", COUNT + 1, "lacks the events from 9 on"),
        (lambda lines: [], "torn", 1, "lacks the events from 1 on"),
        (lambda lines: [*lines[:-1], lines[-1][:-1]], "torn", COUNT + 1, "line 9 of record.jsonl has no end"),
        (lambda lines: [*lines, lines[-1]], "altered", COUNT + 2, "goes on behind the last event"),
        (lambda lines: [lines[0], *lines[2:]], "altered", 2, "is not what record.sqlite has"),
    ],
)
def test_the_lines_must_say_what_the_database_says(
    tmp_path: Path,
    write: Write,
    damage: Callable[[list[bytes]], list[bytes]],
    expected: str,
    event: int,
    why: str,
) -> None:
    write(tmp_path, COUNT)
    path = tmp_path / "record.jsonl"
    path.write_bytes(b"".join(damage(path.read_bytes().splitlines(keepends=True))))
    verdict = verify(tmp_path)
    assert (verdict.state, verdict.event) == (expected, event)
    assert why in verdict.why
    assert verify(tmp_path / "record.sqlite").state == "ok"
    complete(tmp_path)
    assert verify(tmp_path).state == "ok"


@pytest.mark.parametrize("tail", [b"", b'{"seq":'])
def test_while_a_drill_runs_its_lines_may_lag(tmp_path: Path, write: Write, tail: bytes) -> None:
    write(tmp_path, 5, close=False)
    path = tmp_path / "record.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]) + tail)
    assert verify(tmp_path).state == "unclosed"


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
