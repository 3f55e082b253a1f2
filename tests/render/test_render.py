"""Every face says the same."""

from __future__ import annotations

import io
import subprocess
import sys
import xml.etree.ElementTree as ET
from html import unescape
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from blackstart import render
from blackstart.render.model import view

if TYPE_CHECKING:
    from tests.render.conftest import Drill


def faces(drill: Drill) -> dict[str, str]:
    out = io.StringIO()
    render.terminal(drill.review, Console(width=100, file=out, color_system=None, force_terminal=False))
    return {
        "html": render.html(drill.review, drill.events),
        "markdown": render.markdown(drill.review, drill.events),
        "junit": render.junit(drill.review),
        "svg": render.timeline_svg(drill.review, drill.events),
        "terminal": out.getvalue(),
    }


@pytest.mark.parametrize("which", ["book", "mute"])
def test_the_same_numbers_everywhere(which: str, request: pytest.FixtureRequest) -> None:
    drill: Drill = request.getfixturevalue(which)
    for figure in view(drill.review).headline:
        for face in faces(drill).values():
            assert figure.text in " ".join(unescape(face).split())


def test_the_same_findings_everywhere(mute: Drill) -> None:
    said = faces(mute)
    for finding in view(mute.review).findings.failed:
        for name in ("html", "markdown", "junit", "terminal"):
            assert finding.rule in said[name]
            assert finding.where in said[name].replace("\\", "")


def test_the_same_record_gives_the_same_bytes(book: Drill) -> None:
    assert faces(book) == faces(book)


def test_the_picture_of_the_page_is_the_picture_alone_but_for_its_links(book: Drill) -> None:
    alone = ET.fromstring(render.timeline_svg(book.review, book.events))
    assert alone.tag == "{http://www.w3.org/2000/svg}svg"
    assert not list(alone.iter("{http://www.w3.org/2000/svg}a"))


def test_the_import_loads_nothing_heavy() -> None:
    code = "import sys, blackstart.render; print([m for m in ('jinja2', 'rich', 'pydantic', 'yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
