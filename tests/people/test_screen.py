"""Plain text from what a terminal showed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.people.screen import TAIL_BYTES, Capture, plain

START, END = b"\x1b]133;C;ab\x07", b"\x1b]133;D;ab\x07"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"one\r\ntwo\r\n", "one\ntwo"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b[?2004h\x1b]0;title\x07text\x1b]8;;x\x1b\\link", "textlink"),
        (b"10%\r50%\r100%\r\ndone", "100%\ndone"),
        (b"a\x00b\x07c\td", "abc\td"),
        ("héé — 😀".encode(), "héé — 😀"),
        (b"\xff\xfe", "��"),
        (b"\x1b", ""),
        (b"", ""),
    ],
)
def test_what_a_person_would_copy(raw: bytes, text: str) -> None:
    assert plain(raw) == text


@given(st.binary(max_size=300))
def test_any_bytes_give_text_without_controls(raw: bytes) -> None:
    assert not [c for c in plain(raw) if (ord(c) < 32 and c not in "\t\n") or 0x7F <= ord(c) < 0xA0]


@given(st.lists(st.integers(1, 40), max_size=30))
def test_marks_are_found_however_the_screen_is_cut(sizes: list[int]) -> None:
    screen = b"prompt$ echo \x1b]133;C;other\x07" + START + b"the output\r\n" + END + b"prompt$ "
    capture = Capture(START, END)
    for size in [*sizes, len(screen)]:
        capture.feed(screen[:size])
        screen = screen[size:]
    assert capture.ended
    assert capture.text() == "the output"


def test_only_the_end_of_much_output_is_kept() -> None:
    capture = Capture(START, END)
    capture.feed(START)
    for _ in range(100):
        capture.feed(b"x" * 10_000)
    capture.feed(b"last" + END)
    assert capture.text() == "x" * (TAIL_BYTES - 4) + "last"


def test_before_the_start_there_is_nothing() -> None:
    capture = Capture(START, END)
    capture.feed(b"prompt$ echo")
    assert (capture.begun, capture.text()) == (False, "")
