"""The sample drill that ships: whole, and judged and rendered by today's code to the very bytes that ship.

When a rule or the report changes on purpose, `make sample` makes it anew.
"""

from __future__ import annotations

from pathlib import Path

from blackstart import render
from blackstart.events import DrillOpened
from blackstart.record.reader import read
from blackstart.record.verify import verify
from blackstart.review import review, to_bytes

SAMPLE = Path(__file__).resolve().parents[1] / "reports" / "sample"


def test_the_record_is_whole() -> None:
    assert verify(SAMPLE / "record.jsonl").state == "ok"


def test_the_record_reads_back_to_its_bytes() -> None:
    """A field that a kind of event has got since then must not show where it says nothing."""
    written = (SAMPLE / "record.jsonl").read_text().splitlines()
    assert [event.to_line() for event in read(SAMPLE / "record.jsonl")] == written


def test_the_review_is_the_same_byte_for_byte() -> None:
    assert to_bytes(review(read(SAMPLE / "record.jsonl"))) == (SAMPLE / "review.json").read_bytes()


def test_every_report_is_the_same() -> None:
    events = read(SAMPLE / "record.jsonl")
    judged = review(events)
    assert render.html(judged, events) == (SAMPLE / "report.html").read_text("utf-8")
    assert render.markdown(judged, events) == (SAMPLE / "report.md").read_text("utf-8")
    assert render.junit(judged) == (SAMPLE / "junit.xml").read_text("utf-8")
    assert render.timeline_svg(judged, events) == (SAMPLE / "timeline.svg").read_text("utf-8")


def test_the_sample_was_run_from_the_files_that_ship() -> None:
    root = SAMPLE.parents[1]
    header = read(SAMPLE / "record.jsonl")[0].body
    assert isinstance(header, DrillOpened)
    for file in header.inputs:
        assert (root / file["path"]).read_text("utf-8") == file["text"], (
            f"make sample: {file['path']} changed"
        )
