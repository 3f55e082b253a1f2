"""Above the lanes: the key moments on poles, and the headline numbers as lengths on the axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from blackstart.render.picture.labels import fitted, flags, text_width
from blackstart.render.picture.sheet import GROUP_AT, LEFT, PLAIN, RIGHT, Sheet

if TYPE_CHECKING:
    from blackstart.events import Event
    from blackstart.render.figures import Figure
    from blackstart.render.moments import Moment

__all__ = ["draw_flags", "draw_headline"]

FLAG_ROW, BRACKET_ROW = 14.0, 17.0


def draw_flags(sheet: Sheet, named: Sequence[Moment], y: float) -> float:
    """The key moments by name, on poles."""
    placed = flags([(sheet.scale.x(one.at_s), one.label) for one in named], PLAIN, RIGHT)
    rows = max((flag.row + 1 for flag in placed if flag), default=0)
    bottom = y + rows * FLAG_ROW
    for flag in placed:
        if flag:
            base = bottom - flag.row * FLAG_ROW - 4
            sheet.canvas.add("line", x1=flag.x, x2=flag.x, y1=base - 9, y2=bottom + 2, class_="pole")
            sheet.canvas.text(flag.left, base, flag.text, PLAIN)
    return bottom


def draw_headline(sheet: Sheet, headline: Sequence[Figure], events: Sequence[Event], y: float) -> float:
    """The headline numbers as lengths on the axis."""
    at = {event.seq: event.drill_s for event in events}
    for figure in headline:
        if figure.status == "void" or figure.start_event not in at:
            continue
        _bracket(sheet, figure, at, y)
        y += BRACKET_ROW
    return y


def _bracket(sheet: Sheet, figure: Figure, at: dict[int, float], y: float) -> None:
    """From its start event to its end event; open to the right where the end was never seen."""
    start, middle = sheet.scale.x(at[figure.start_event or 0]), y + 7
    open_end = figure.status == "censored" or figure.end_event not in at
    end = RIGHT if open_end else sheet.scale.x(at[figure.end_event or 0])
    label = f"{figure.name} {figure.text}"
    width = text_width(label, PLAIN, bold=True)
    left = _label_place(start, end, width, open_end=open_end)
    path, tip = _dimension(start, end, middle, open_end=open_end), f"{figure.title}: {figure.text}"
    sheet.canvas.add("path", d=path, class_="dim", tip=tip)
    sheet.canvas.add("rect", x=left - 4, y=y, width=width + 8, height=14, class_="paper")
    sheet.canvas.text(left, middle + 4, label, PLAIN, class_="bold")
    title = fitted(figure.title, PLAIN, LEFT - GROUP_AT - 10)
    sheet.canvas.text(GROUP_AT, middle + 4, title, PLAIN, class_="soft")


def _label_place(start: float, end: float, width: float, *, open_end: bool) -> float:
    """Right of the line, else left of it, else on it: never where the line would look shorter than it is."""
    if not open_end and end + 8 + width <= RIGHT:
        return end + 8
    if open_end and start + 24 + width <= RIGHT:
        return RIGHT - 16 - width
    if start - 8 - width >= LEFT:
        return start - 8 - width
    return (start + end - width) / 2


def _dimension(start: float, end: float, middle: float, *, open_end: bool) -> str:
    """A line with a stop at each end, or an arrow where it goes on."""
    stop = "m-5-3.5l5 3.5-5 3.5" if open_end else "m0-4v8"
    return f"M{start:.1f} {middle - 4:.1f}v8m0-4H{end:.1f}{stop}"
