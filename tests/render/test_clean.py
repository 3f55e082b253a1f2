from __future__ import annotations

import xml.etree.ElementTree as ET
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.render.clean import LONGEST, clean, clip, one_line

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=200)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext\twith tabs", "plain\ntext\twith tabs"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil.test\x1b\\link", "link"),
        ("\x1b]0;never ended, and not lost", "0;never ended, and not lost"),
        ("nul \x00 bell \x07 delete \x7f", "nul \u2400 bell \u2407 delete \u2421"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\u202eevil\u202c", "[U+202E]evil[U+202C]"),
        ("half \ud83d", "half \ufffd"),
        ("never a character \ufffe", "never a character \ufffd"),
        ("שלום and 你好 and 🙂", "שלום and 你好 and 🙂"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(ANYTHING)
def test_any_text_can_be_shown_in_xml(text: str) -> None:
    shown = clean(text)
    assert ET.fromstring(f"<a>{escape(shown)}</a>").text or "" == shown
    assert clean(shown) == shown


@given(ANYTHING)
def test_one_line_is_one_line_and_no_longer_than_asked(text: str) -> None:
    line = one_line(text, 40)
    assert len(line) <= 40
    assert len(line.splitlines()) <= 1


def test_a_huge_text_is_cut_and_says_so() -> None:
    shown = clean("x" * 100_000)
    assert shown == "x" * LONGEST + f"\n[{100_000 - LONGEST} more characters in the record]"


def test_clip() -> None:
    assert clip("short", 5) == "short"
    assert clip("a longer one", 8) == "a longe\u2026"
