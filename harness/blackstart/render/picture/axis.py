"""Below the lanes: where the clock jumped, the time of day, and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from blackstart import events as ev
from blackstart.render.picture.labels import text_width
from blackstart.render.picture.lanes import Mark
from blackstart.render.picture.rows import draw_mark
from blackstart.render.picture.sheet import GROUP_AT, LABEL_AT, LEFT, RIGHT, SMALL, Sheet
from blackstart.render.words import duration

if TYPE_CHECKING:
    from blackstart.events import Event
    from blackstart.render.picture.lanes import Lane
    from blackstart.render.picture.scale import Stretch

__all__ = ["draw_axis", "draw_clock", "draw_legend"]

TICKS_APART = 58.0

LEGEND = {
    "green": "green",
    "red": "red",
    "missing": "no answer",
    "message": "message",
    "pinned": "pinned",
    "asked": "scripted message",
    "command": "command",
    "nonzero": "exit code not 0",
    "page": "page",
    "ack": "acknowledged",
    "escalated": "escalated",
    "band": "shaded: a quiet stretch, drawn narrower",
}


def draw_clock(sheet: Sheet, events: Sequence[Event], y: float) -> float:
    """Where drill time ran with real time, where it jumped, where it was paused."""
    jumps = _visible_jumps(sheet, events)
    sheet.canvas.text(GROUP_AT, y + 9, "Clock", SMALL, class_="soft")
    sheet.canvas.text(LABEL_AT, y + 9, "hatched: jumped" if jumps else "never jumped", SMALL, class_="soft")
    tip, width = "drill time ran with real time", RIGHT - LEFT
    sheet.canvas.add("rect", x=LEFT, y=y + 3, width=width, height=6, class_="ran", tip=tip)
    for jump in jumps:
        _jump(sheet, jump, y + 3)
    for event in events:
        if isinstance(event.body, ev.ClockPaused):
            path = f"M{sheet.scale.x(event.drill_s) - 2:.1f} {y + 1}v10m4-10v10"
            sheet.canvas.add("path", d=path, class_="paused", tip="paused", seq=event.seq)
    return y + 13


@dataclass(slots=True)
class _Jump:
    """One hatched stretch: one jump, or several that are too short to be told apart."""

    from_s: float
    to_s: float
    seq: int


def _visible_jumps(sheet: Sheet, events: Sequence[Event]) -> list[_Jump]:
    found: list[_Jump] = []
    for event in events:
        if isinstance(event.body, ev.ClockJumped):
            body = event.body
            if found and sheet.scale.x(body.to_s) - sheet.scale.x(found[-1].from_s) < 1.5:
                found[-1].to_s = body.to_s
            else:
                found.append(_Jump(body.from_s, body.to_s, event.seq))
    return found


def _jump(sheet: Sheet, jump: _Jump, y: float) -> None:
    """A hatched stretch; a thin line stays between two, for what ran between them."""
    left, right = sheet.scale.x(jump.from_s), sheet.scale.x(jump.to_s)
    width, tip = max(right - left - 1.2, 0.3), f"jumped {duration(jump.to_s - jump.from_s)}"
    sheet.canvas.add("rect", x=left, y=y, width=width, height=6, class_="jumped", seq=jump.seq, tip=tip)


def draw_axis(sheet: Sheet, events: Sequence[Event], y: float) -> float:
    """The time of day at round moments; in each break, how long it is."""
    sheet.canvas.text(GROUP_AT, y + 15, "Drill time, UTC", SMALL, class_="soft")
    taken = [_break_label(sheet, cut, y + 15) for cut in sheet.scale.cuts]
    start, step = _midnight_to_start(events), sheet.scale.step(TICKS_APART)
    for second in sheet.scale.ticks(TICKS_APART, -start):
        x, text = sheet.scale.x(second), _time_of_day(start + second, step)
        half = text_width(text, SMALL) / 2
        if x + half <= RIGHT + 10 and all(
            x + half + 4 < left or right + 4 < x - half for left, right in taken
        ):
            taken.append((x - half, x + half))
            sheet.canvas.add("line", x1=x, x2=x, y1=y, y2=y + 4, class_="tick")
            sheet.canvas.text(x, y + 15, text, SMALL, anchor="middle", class_="num")
    return y + 20


def _break_label(sheet: Sheet, cut: Stretch, y: float) -> tuple[float, float]:
    """How long the break is, where there is room to say so. Returns what it takes of the axis."""
    middle, text = (cut.left + cut.right) / 2, duration(cut.end_s - cut.start_s, 60)
    if text_width(text, SMALL) <= cut.right - cut.left:
        sheet.canvas.text(middle, y, text, SMALL, anchor="middle", class_="soft ital")
    return cut.left, cut.right


def _midnight_to_start(events: Sequence[Event]) -> float:
    """Seconds from midnight UTC to drill second 0; 0 when the first event's stamp is no time."""
    if not events:
        return 0.0
    try:
        at = datetime.fromisoformat(events[0].at)
    except ValueError:
        return 0.0
    return at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6 - events[0].drill_s


def _time_of_day(second: float, step: float) -> str:
    whole = round(second) % 86400
    text = f"{whole // 3600:02d}:{whole % 3600 // 60:02d}"
    return f"{text}:{whole % 60:02d}" if step < 60 else text


def draw_legend(sheet: Sheet, found: Sequence[Lane], y: float) -> float:
    """The signs that this picture has, each with its meaning."""
    seen = {bar.kind for lane in found for bar in lane.bars} | {
        mark.kind for lane in found for mark in lane.marks
    }
    if sheet.scale.cuts:
        seen.add("band")
    x = LEFT
    for kind, text in LEGEND.items():
        width = 18 + text_width(text, SMALL) + 12
        if kind in seen:
            if x + width - 12 > RIGHT:
                x, y = LEFT, y + 15
            _sample(sheet, kind, x, y)
            sheet.canvas.text(x + 18, y + 3.5, text, SMALL, class_="soft")
            x += width
    return y + 8


def _sample(sheet: Sheet, kind: str, x: float, y: float) -> None:
    if kind in ("green", "red", "missing", "band"):
        high = 2.5 if kind == "green" else 9.0
        sheet.canvas.add("rect", x=x, y=y - high / 2, width=13, height=high, rx=1, class_=kind)
    else:
        draw_mark(sheet.canvas, Mark(0, kind, "", None, ""), x + 6.5, y)
