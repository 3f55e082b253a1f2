"""The timeline picture: everything that happened on one time axis, drawn by hand as one small SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from blackstart import events as ev
from blackstart.events import Event
from blackstart.render.canvas import Canvas, element
from blackstart.render.labels import Box, fitted, flags, text_width
from blackstart.render.lanes import Bar, Lane, Mark, lanes
from blackstart.render.model import Figure, View, view
from blackstart.render.moments import Moment, moments
from blackstart.render.scale import Scale, make
from blackstart.render.style import SVG_STYLE
from blackstart.render.words import clock_time, duration
from blackstart.review.model import Review

__all__ = ["Picture", "draw"]

WIDTH = 1120.0
GROUP_AT, LABEL_AT, LEFT, RIGHT = 10.0, 88.0, 212.0, 1104.0
ROW, GROUP_GAP, FLAG_ROW, BRACKET_ROW = 18.0, 7.0, 14.0, 17.0
SMALL, PLAIN = 10.0, 11.0
TICKS_APART = 58.0

GROUPS = {
    "component probes": "Components",
    "capability probes": "Capabilities",
    "team probes": "Teams",
    "stage": "Stage",
    "faults": "Faults",
    "pager": "Pager",
    "roles": "Roles",
    "messages": "Messages",
    "terminals": "Terminals",
    "status page": "Status page",
}

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
}


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawn timeline, and where its labels are."""

    svg: str
    labels: list[Box]


@dataclass(slots=True)
class _Sheet:
    """What every part of the drawing needs."""

    canvas: Canvas
    scale: Scale
    top: float = 0.0
    bottom: float = 0.0


def draw(review: Review, events: Sequence[Event], *, links: bool = False) -> Picture:
    """The picture of one drill. With `links` its marks lead to the events of the page around it."""
    said = view(review, events)
    found = lanes(review, events)
    named = moments(review, events)
    end = events[-1].drill_s if events else 1.0
    scale = make(_instants(found, named), end, LEFT, RIGHT)
    sheet = _Sheet(Canvas(links=links), scale)
    under = Canvas(links=links)
    y = _flags(sheet, named, 12.0)
    y = _brackets(sheet, said.headline, events, y + 6)
    sheet.top = y
    y = _lanes(sheet, under, found, y + 8)
    sheet.bottom = y
    y = _clock_strip(sheet, events, y + 6)
    y = _axis(sheet, events, y)
    y = _legend(sheet, found, y + 16)
    _breaks(sheet, under)
    _guides(sheet, under, named)
    svg = _document(under.parts + sheet.canvas.parts, y + 6, said, named)
    return Picture(svg, under.labels + sheet.canvas.labels)


def _instants(found: Sequence[Lane], named: Sequence[Moment]) -> set[float]:
    """Every drill second at which something is drawn: the axis is never cut there."""
    instants = {mark.at_s for lane in found for mark in lane.marks}
    instants |= {edge for lane in found for bar in lane.bars for edge in (bar.start_s, bar.end_s)}
    return instants | {moment.at_s for moment in named}


# --- above the lanes ------------------------------------------------------------------------------


def _flags(sheet: _Sheet, named: Sequence[Moment], y: float) -> float:
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


def _brackets(sheet: _Sheet, headline: Sequence[Figure], events: Sequence[Event], y: float) -> float:
    """The headline numbers as lengths on the axis."""
    at = {event.seq: event.drill_s for event in events}
    for figure in headline:
        if figure.status == "void" or figure.start_event not in at:
            continue
        _bracket(sheet, figure, at, y)
        y += BRACKET_ROW
    return y


def _bracket(sheet: _Sheet, figure: Figure, at: dict[int, float], y: float) -> None:
    start = sheet.scale.x(at[figure.start_event or 0])
    open_end = figure.status == "censored" or figure.end_event not in at
    end = RIGHT if open_end else sheet.scale.x(at[figure.end_event or 0])
    kind = "dim open" if open_end else "dim"
    middle, low, high = y + 7, y + 3, y + 11
    path = f"M{start:.1f} {low}V{high}M{start:.1f} {middle}H{end:.1f}" + (
        "" if open_end else f"M{end:.1f} {low}V{high}"
    )
    sheet.canvas.add("path", d=path, class_=kind, tip=f"{figure.name}, {figure.title}: {figure.text}")
    label = f"{figure.name} {figure.text}"
    width = text_width(label, PLAIN, bold=True)
    sheet.canvas.text(
        GROUP_AT, middle + 4, fitted(figure.title, PLAIN, LEFT - GROUP_AT - 10), PLAIN, class_="soft"
    )
    if end + 8 + width <= RIGHT:
        sheet.canvas.text(end + 7, middle + 4, label, PLAIN, class_="bold")
    else:
        right = max(end - 12, start + width + 12)
        sheet.canvas.add("rect", x=right - width - 5, y=y, width=width + 10, height=14, class_="paper")
        sheet.canvas.text(right, middle + 4, label, PLAIN, anchor="end", class_="bold")


# --- the lanes ------------------------------------------------------------------------------------


def _lanes(sheet: _Sheet, under: Canvas, found: Sequence[Lane], y: float) -> float:
    group = ""
    for lane in found:
        if lane.group != group:
            if group:
                y += GROUP_GAP
                under.add("line", x1=GROUP_AT, x2=RIGHT, y1=y - 3.5, y2=y - 3.5, class_="rule")
            name = GROUPS.get(lane.group, lane.group)
            sheet.canvas.text(
                GROUP_AT, y + 13, fitted(name, SMALL, LABEL_AT - GROUP_AT - 4, least=1), SMALL, class_="soft"
            )
            group = lane.group
        _lane(sheet, lane, y)
        y += ROW
    return y


def _lane(sheet: _Sheet, lane: Lane, y: float) -> None:
    label = fitted(lane.label, PLAIN, LEFT - LABEL_AT - 8, least=1)
    sheet.canvas.text(LABEL_AT, y + 13, label, PLAIN)
    if lane.empty:
        sheet.canvas.text(LEFT + 2, y + 13, lane.empty, SMALL, class_="soft")
    for bar in lane.bars:
        _bar(sheet, bar, y)
    if lane.marks:
        sheet.canvas.add("line", x1=LEFT, x2=RIGHT, y1=y + 9, y2=y + 9, class_="rule")
        _mark_labels(sheet, lane.marks, y)
        for mark in lane.marks:
            _mark(sheet.canvas, mark, sheet.scale.x(mark.at_s), y + 9)


def _bar(sheet: _Sheet, bar: Bar, y: float) -> None:
    left, right = sheet.scale.x(bar.start_s), sheet.scale.x(bar.end_s)
    width = max(right - left, 1.5)
    high = 2.0 if bar.kind == "green" else 13.0
    sheet.canvas.add(
        "rect",
        x=left,
        y=y + 9 - high / 2,
        width=width,
        height=high,
        rx=0 if bar.kind == "green" else min(2.5, width / 2),
        class_=bar.kind,
        seq=bar.seq,
        tip=bar.tip,
    )
    if bar.kind != "green":
        text = fitted(bar.text, SMALL, width - 10)
        sheet.canvas.text(left + 5, y + 12.5, text, SMALL, class_=f"on-{bar.kind}")


def _mark(canvas: Canvas, mark: Mark, x: float, middle: float) -> None:
    where: dict[str, object]
    if mark.kind in ("message", "pinned", "asked"):
        name, where = "circle", {"cx": x, "cy": middle, "r": 4.5 if mark.kind == "pinned" else 3.5}
    elif mark.kind in ("command", "nonzero"):
        name, where = "rect", {"x": x - 3, "y": middle - 4.5, "width": 6, "height": 9, "rx": 1}
    else:
        name, where = "path", {"d": f"M{x:.1f} {middle - 5}l5 5l-5 5l-5-5z"}
    canvas.add(name, **where, class_=f"m {mark.kind}", seq=mark.seq, tip=mark.tip)


def _mark_labels(sheet: _Sheet, marks: Sequence[Mark], y: float) -> None:
    """What stands beside the marks, where there is room up to the next one."""
    clusters = _clusters(sheet, marks)
    for index, cluster in enumerate(clusters):
        x = sheet.scale.x(cluster[-1].at_s) + 8
        until = sheet.scale.x(clusters[index + 1][0].at_s) - 9 if index + 1 < len(clusters) else RIGHT
        texts = list(dict.fromkeys(mark.text for mark in cluster))
        more = f" +{len(texts) - 1}" if len(texts) > 1 else ""
        room = until - x - text_width(more, SMALL)
        if text := fitted(texts[0], SMALL, room, least=min(len(texts[0]), 6)):
            sheet.canvas.text(x, y + 12.5, text + more, SMALL, class_="soft halo")


def _clusters(sheet: _Sheet, marks: Sequence[Mark], near: float = 9.0) -> list[list[Mark]]:
    clusters: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda one: one.at_s):
        if clusters and sheet.scale.x(mark.at_s) - sheet.scale.x(clusters[-1][-1].at_s) < near:
            clusters[-1].append(mark)
        else:
            clusters.append([mark])
    return clusters


# --- below the lanes ------------------------------------------------------------------------------


def _clock_strip(sheet: _Sheet, events: Sequence[Event], y: float) -> float:
    """Where drill time ran with real time, where it jumped, where it was paused."""
    sheet.canvas.text(GROUP_AT, y + 9, "Clock", SMALL, class_="soft")
    jumped = [event for event in events if isinstance(event.body, ev.ClockJumped)]
    sheet.canvas.text(
        LABEL_AT, y + 9, "hatched: jumped" if jumped else "ran throughout", SMALL, class_="soft"
    )
    sheet.canvas.add(
        "rect",
        x=LEFT,
        y=y + 3,
        width=RIGHT - LEFT,
        height=6,
        class_="ran",
        tip="drill time ran with real time",
    )
    for event in jumped:
        if isinstance(event.body, ev.ClockJumped):
            left, right = sheet.scale.x(event.body.from_s), sheet.scale.x(event.body.to_s)
            tip = f"jumped {duration(event.body.to_s - event.body.from_s)}"
            sheet.canvas.add(
                "rect",
                x=left,
                y=y + 3,
                width=max(right - left - 1.2, 0.3),
                height=6,
                class_="jumped",
                tip=tip,
                seq=event.seq,
            )
    for event in events:
        if isinstance(event.body, ev.ClockPaused):
            x = sheet.scale.x(event.drill_s)
            sheet.canvas.add(
                "path", d=f"M{x - 2:.1f} {y + 1}v10m4-10v10", class_="paused", tip="paused", seq=event.seq
            )
    return y + 13


def _axis(sheet: _Sheet, events: Sequence[Event], y: float) -> float:
    start = _day_second(events[0].at) if events else 0.0
    sheet.canvas.text(GROUP_AT, y + 15, "Drill time, UTC", SMALL, class_="soft")
    for cut in sheet.scale.cuts:
        text = fitted(duration(cut.end_s - cut.start_s, 60), SMALL, cut.right - cut.left - 4, least=99)
        sheet.canvas.text(
            (cut.left + cut.right) / 2, y + 15, text, SMALL, anchor="middle", class_="soft ital"
        )
    previous = -1000.0
    for second in sheet.scale.ticks(TICKS_APART, -start):
        x = sheet.scale.x(second)
        text = _time_of_day(start + second, sheet.scale.step(TICKS_APART))
        half = text_width(text, SMALL) / 2
        if x - half > previous + 6 and x + half <= RIGHT + 10 and not _in_break(sheet, x, half):
            sheet.canvas.add("line", x1=x, x2=x, y1=y, y2=y + 4, class_="tick")
            sheet.canvas.text(x, y + 15, text, SMALL, anchor="middle", class_="num")
            previous = x + half
    return y + 20


def _in_break(sheet: _Sheet, x: float, half: float) -> bool:
    """Whether a tick's label would run into the label of a break."""
    return any(cut.left < x + half and x - half < cut.right for cut in sheet.scale.cuts)


def _day_second(at: str) -> float:
    clock = clock_time(at)
    return int(clock[:2]) * 3600 + int(clock[3:5]) * 60 + float(at[17:-1])


def _time_of_day(second: float, step: float) -> str:
    whole = round(second) % 86400
    text = f"{whole // 3600:02d}:{whole % 3600 // 60:02d}"
    return f"{text}:{whole % 60:02d}" if step < 60 else text


def _legend(sheet: _Sheet, found: Sequence[Lane], y: float) -> float:
    seen = {bar.kind for lane in found for bar in lane.bars} | {
        mark.kind for lane in found for mark in lane.marks
    }
    x = LEFT
    for kind, text in LEGEND.items():
        if kind not in seen:
            continue
        width = 18 + text_width(text, SMALL) + 14
        if x + width > RIGHT:
            x, y = LEFT, y + 15
        _sample(sheet, kind, x, y)
        sheet.canvas.text(x + 18, y + 3.5, text, SMALL, class_="soft")
        x += width
    if sheet.scale.cuts:
        text = "shaded: a quiet stretch drawn narrower"
        width = 18 + text_width(text, SMALL)
        if x + width > RIGHT:
            x, y = LEFT, y + 15
        sheet.canvas.add("rect", x=x, y=y - 6, width=13, height=12, class_="band")
        sheet.canvas.text(x + 18, y + 3.5, text, SMALL, class_="soft")
    return y + 8


def _sample(sheet: _Sheet, kind: str, x: float, y: float) -> None:
    if kind in ("green", "red", "missing"):
        high = 2.5 if kind == "green" else 9.0
        sheet.canvas.add("rect", x=x, y=y - high / 2, width=13, height=high, rx=1, class_=kind)
    else:
        _mark(sheet.canvas, Mark(0, kind, "", None, ""), x + 6.5, y)


# --- behind everything ----------------------------------------------------------------------------


def _breaks(sheet: _Sheet, under: Canvas) -> None:
    for cut in sheet.scale.cuts:
        tip = f"{duration(cut.end_s - cut.start_s)} without an event, drawn narrower"
        under.add(
            "rect",
            x=cut.left,
            y=sheet.top,
            width=cut.right - cut.left,
            height=sheet.bottom - sheet.top + 19,
            class_="band",
            tip=tip,
        )


def _guides(sheet: _Sheet, under: Canvas, named: Sequence[Moment]) -> None:
    for moment in named:
        x = sheet.scale.x(moment.at_s)
        under.add("line", x1=x, x2=x, y1=sheet.top, y2=sheet.bottom + 3, class_="guide")


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
