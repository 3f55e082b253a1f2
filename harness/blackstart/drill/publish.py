"""From a drill's record to its reports: review.json, report.html, report.md, junit.xml, timeline.svg."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.review.model import Review

__all__ = ["publish"]


def publish(folder: Path) -> Review:
    """Judge the record in `folder` and write every report beside it, replacing earlier ones. Returns the review."""
    from blackstart import render
    from blackstart.record.reader import read
    from blackstart.review import review, to_bytes

    events = read(folder)
    judged = review(events)
    _write(folder / "review.json", to_bytes(judged))
    _write(folder / "report.html", render.html(judged, events).encode())
    _write(folder / "report.md", render.markdown(judged, events).encode())
    _write(folder / "junit.xml", render.junit(judged).encode())
    _write(folder / "timeline.svg", render.timeline_svg(judged, events).encode())
    return judged


def _write(path: Path, content: bytes) -> None:
    """Write and put in place at once, so that a reader never sees half a file."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
