"""Out and in again: the same record, event by event."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blackstart.errors import RecordError, UsageError
from blackstart.events import (
    Body,
    ClockJumped,
    DrillOpened,
    FaultHealed,
    FreeText,
    StageEntered,
    ThreadPosted,
)
from blackstart.record.exchange import export, import_
from blackstart.record.ids import claim
from blackstart.record.reader import read
from blackstart.record.store import Record
from blackstart.record.verify import verify
from blackstart.testing import History

if TYPE_CHECKING:
    from tests.conftest import FullDisk
    from tests.record.conftest import Write

    from blackstart.clock import Stamp


def test_out_and_in_again_is_exact(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 6)
    export(tmp_path, tmp_path / "out.jsonl")
    folder = import_(tmp_path / "out.jsonl", tmp_path / "elsewhere")
    assert folder.name == "INC-2026-04-26-001"
    assert read(folder) == read(tmp_path)
    assert verify(folder).state == "ok"
    assert (folder / "record.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


BODIES = st.one_of(
    st.builds(StageEntered, st.text(max_size=20)),
    st.builds(ThreadPosted, st.text(max_size=9), st.text(max_size=9), st.text(max_size=50).map(FreeText.of)),
    st.builds(ClockJumped, st.floats(0, 1e9), st.floats(0, 1e9)),
    st.builds(FaultHealed, st.text(max_size=9), st.just("people")),
)


@settings(max_examples=30)
@given(bodies=st.lists(BODIES, max_size=8))
def test_out_and_in_again_is_exact_whatever_was_recorded(
    tmp_path_factory: pytest.TempPathFactory, write: Write, stamp: Stamp, bodies: list[Body]
) -> None:
    tmp_path = tmp_path_factory.mktemp("exchange")
    write(tmp_path, 1, close=False)
    record = Record.reopen(tmp_path)
    for body in bodies:
        record.append(body, stamp=stamp, actor="a", source="thread")
    record.close(stamp)
    export(tmp_path, tmp_path / "out.jsonl")
    folder = import_(tmp_path / "out.jsonl", tmp_path / "elsewhere")
    export(folder, tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()
    assert read(folder) == read(tmp_path)
    assert [event.body for event in read(folder)[1:-1]] == bodies
    assert sorted(path.name for path in folder.iterdir()) == ["record.jsonl", "record.sqlite"]


def test_to_an_open_file(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    out = io.BytesIO()
    export(tmp_path, out)
    assert out.getvalue() == (tmp_path / "record.jsonl").read_bytes()


@pytest.mark.parametrize(
    "drill", ["../INC-2026-04-26-001", "INC-2026-04-26-1", "INC-2026-04-26-001/x", "", "x", 7]
)
def test_an_id_that_is_none_makes_no_folder(tmp_path: Path, drill: str) -> None:
    history = History()
    history.add(DrillOpened(drill, 1, "0", "s.yaml", "crew", 1, "local", "jump", 1.0, "", 1.0, [], []))
    history.close()
    history.save(tmp_path)
    with pytest.raises(RecordError, match="has no drill id that a folder could be called"):
        import_(tmp_path / "record.jsonl", tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_no_drill(tmp_path: Path) -> None:
    history = History()
    history.add(StageEntered("respond"))
    history.close()
    history.save(tmp_path)
    with pytest.raises(RecordError, match="does not begin with a drill: its first event is stage"):
        import_(tmp_path / "record.jsonl", tmp_path / "elsewhere")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        import_(tmp_path / "out.jsonl", tmp_path)


def test_the_id_of_a_drill_that_just_begins_is_not_taken(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    _, folder = claim(tmp_path / "elsewhere", date(2026, 4, 26))
    with pytest.raises(UsageError, match="is there already"):
        import_(tmp_path / "record.jsonl", tmp_path / "elsewhere")
    assert list(folder.iterdir()) == []


def test_an_import_that_fails_leaves_nothing(tmp_path: Path, write: Write, full_disk: FullDisk) -> None:
    write(tmp_path)
    with full_disk(100), pytest.raises(UsageError, match="cannot be written"):
        import_(tmp_path / "record.jsonl", tmp_path / "elsewhere")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_export_that_fails_leaves_nothing(tmp_path: Path, write: Write, full_disk: FullDisk) -> None:
    write(tmp_path)
    with full_disk(100), pytest.raises(UsageError, match="cannot be written: File too large"):
        export(tmp_path, tmp_path / "out.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["record.jsonl", "record.sqlite"]


def test_nothing_is_overwritten(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    export(tmp_path, tmp_path / "out.jsonl")
    import_(tmp_path / "out.jsonl", tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is there already"):
        import_(tmp_path / "out.jsonl", tmp_path / "elsewhere")


def test_what_does_not_verify_is_refused(tmp_path: Path, write: Write) -> None:
    write(tmp_path, close=False)
    export(tmp_path, tmp_path / "out.jsonl")
    with pytest.raises(RecordError, match="is unclosed"):
        import_(tmp_path / "out.jsonl", tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


def test_an_unwritable_target_is_a_clear_error(tmp_path: Path, write: Write) -> None:
    write(tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        export(tmp_path, tmp_path / "no" / "such" / "folder.jsonl")
