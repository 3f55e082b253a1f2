"""Redacted words are gone from every file of the record, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import UsageError
from blackstart.events import ThreadPosted
from blackstart.record.reader import read
from blackstart.record.redact import redact

if TYPE_CHECKING:
    from tests.record.conftest import Write


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


@pytest.mark.parametrize(("seq", "what"), [(99, "has no event 99"), (3, "it has no words")])
def test_what_cannot_be_redacted(tmp_path: Path, write: Write, seq: int, what: str) -> None:
    write(tmp_path, 6)
    with pytest.raises(UsageError, match=what):
        redact(tmp_path, seq)
