"""The timeline picture: everything that happened on one time axis, drawn by hand as one small SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from blackstart.render.model import view
from blackstart.render.moments import moments
from blackstart.render.picture.axis import draw_axis, draw_clock, draw_legend
from blackstart.render.picture.canvas import Canvas, element
from blackstart.render.picture.head import draw_flags, draw_headline
from blackstart.render.picture.lanes import lanes
from blackstart.render.picture.rows import draw_lanes
from blackstart.render.picture.scale import make
from blackstart.render.picture.sheet import LEFT, RIGHT, WIDTH, Sheet
from blackstart.render.style import SVG_STYLE
from blackstart.render.words import duration

if TYPE_CHECKING:
    from blackstart.events import Event
    from blackstart.render.model import View
    from blackstart.render.moments import Moment
    from blackstart.render.picture.labels import Box
    from blackstart.render.picture.lanes import Lane
    from blackstart.review.model import Review

__all__ = ["Picture", "draw"]


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawn timeline, and where its labels are."""

    svg: str
    labels: list[Box]


def draw(review: Review, events: Sequence[Event], *, links: bool = False) -> Picture:
    """The picture of one drill. With `links` its marks lead to the events of the page around it."""
    said = view(review, events)
    found = lanes(review, events)
    named = moments(review, events)
    end = events[-1].drill_s if events else 1.0
    scale = make(_instants(found, named), _red(found), end, LEFT, RIGHT)
    sheet = Sheet(Canvas(links=links), Canvas(links=links), scale)
    top = draw_headline(sheet, said.headline, events, draw_flags(sheet, named, 12.0) + 6)
    bottom = draw_lanes(sheet, found, top + 8)
    y = draw_axis(sheet, events, draw_clock(sheet, events, bottom + 6))
    y = draw_legend(sheet, found, y + 16)
    _breaks(sheet, top, bottom + 19)
    _guides(sheet, named, top, bottom + 3)
    svg = _document([*sheet.under.parts, *sheet.canvas.parts], y + 6, said, named)
    return Picture(svg, sheet.canvas.labels)


def _instants(found: Sequence[Lane], named: Sequence[Moment]) -> set[float]:
    """Every drill second at which something is drawn: the axis is never cut there."""
    instants = {mark.at_s for lane in found for mark in lane.marks}
    instants |= {edge for lane in found for bar in lane.bars for edge in (bar.start_s, bar.end_s)}
    return instants | {moment.at_s for moment in named}


def _red(found: Sequence[Lane]) -> list[tuple[float, float]]:
    return [(bar.start_s, bar.end_s) for lane in found for bar in lane.bars if bar.kind in ("red", "missing")]


def _breaks(sheet: Sheet, top: float, bottom: float) -> None:
    for cut in sheet.scale.cuts:
        tip = f"{duration(cut.end_s - cut.start_s)} in which nothing happened, drawn narrower"
        width, height = cut.right - cut.left, bottom - top
        sheet.under.add("rect", x=cut.left, y=top, width=width, height=height, class_="band", tip=tip)


def _guides(sheet: Sheet, named: Sequence[Moment], top: float, bottom: float) -> None:
    for moment in named:
        x = sheet.scale.x(moment.at_s)
        sheet.under.add("line", x1=x, x2=x, y1=top, y2=bottom, class_="guide")


def _document(parts: Sequence[str], height: float, said: View, named: Sequence[Moment]) -> str:
    told = "; ".join(f"{one.time} {one.label}" for one in named) or "nothing of note happened"
    numbers = ", ".join(f"{figure.name} {figure.text}" for figure in said.headline)
    head = [
        element("title", escape(f"Timeline of {said.drill}: {said.title}"), id="bs-title"),
        element("desc", escape(f"{numbers}. Key moments in drill time: {told}."), id="bs-desc"),
        f"<style>{SVG_STYLE}</style>",
        HATCH,
        element("rect", x=0, y=0, width=WIDTH, height=height, class_="paper"),
    ]
    return element(
        "svg",
        "\n".join([*head, *parts]),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        width=WIDTH,
        height=height,
        class_="bs",
        role="img",
        aria_labelledby="bs-title bs-desc",
        font_family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    )


HATCH = (
    '<defs><pattern id="bs-jumped" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="4" height="4" class="hatch-paper"/><rect width="1.4" height="4" class="hatch-ink"/></pattern>'
    '<pattern id="bs-missing" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" class="miss-paper"/><rect width="2.5" height="6" class="miss-ink"/></pattern></defs>'
)
