"""Out and in again: the same record, event by event."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import RecordError, UsageError
from blackstart.record.exchange import export, import_
from blackstart.record.reader import read
from blackstart.record.verify import verify

if TYPE_CHECKING:
    from tests.record.conftest import Write


def test_out_and_in_again_is_exact(tmp_path: Path, write: Write) -> None:
    write(tmp_path, 6)
    export(tmp_path, tmp_path / "out.jsonl")
    folder = import_(tmp_path / "out.jsonl", tmp_path / "elsewhere")
    assert folder.name == "INC-2026-04-26-001"
    assert read(folder) == read(tmp_path)
    assert verify(folder).state == "ok"
    assert (folder / "record.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


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
