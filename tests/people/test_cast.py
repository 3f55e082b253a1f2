"""The recording's format: asciicast v2, on manual time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from blackstart.people.cast import MAX_COMMAND_BYTES, Cast
from blackstart.testing import ManualTime


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_recording_has_a_header_and_timed_events(tmp_path: Path) -> None:
    time, path = ManualTime(), tmp_path / "terminals" / "sme-1.cast"
    cast = Cast(path, time=time, title="sme-1", columns=120, rows=40)
    time.advance(1.5)
    cast.marker("bao status")
    time.advance(0.25)
    cast.output(b"Sealed true\r\n")
    cast.close()
    cast.close()
    assert lines(path) == [
        {"version": 2, "width": 120, "height": 40, "title": "sme-1", "timestamp": 1777217400},
        [1.5, "m", "bao status"],
        [1.75, "o", "Sealed true\r\n"],
    ]


def test_a_character_cut_in_two_is_one_character(tmp_path: Path) -> None:
    cast = Cast(tmp_path / "x.cast", time=ManualTime(), title="", columns=1, rows=1)
    whole = "—".encode()
    cast.output(whole[:1])
    cast.output(whole[1:])
    cast.output(b"\xff")
    cast.close()
    assert "".join(text for _, _, text in lines(tmp_path / "x.cast")[1:]) == "—\ufffd"


def test_of_endless_output_the_rest_is_a_note(tmp_path: Path) -> None:
    cast = Cast(tmp_path / "x.cast", time=ManualTime(), title="", columns=1, rows=1)
    cast.output(b"a" * MAX_COMMAND_BYTES)
    cast.output(b"b" * 1234)
    cast.marker("next")
    cast.output(b"c")
    cast.close()
    texts = [text for _, _, text in lines(tmp_path / "x.cast")[1:]]
    assert texts == ["a" * MAX_COMMAND_BYTES, "\r\n[1,234 bytes more are not recorded]\r\n", "next", "c"]


def test_what_is_flushed_can_be_read_while_it_goes_on(tmp_path: Path) -> None:
    cast = Cast(tmp_path / "x.cast", time=ManualTime(), title="", columns=1, rows=1)
    cast.output(b"a")
    cast.flush()
    assert len(lines(tmp_path / "x.cast")) == 2
    cast.close()
