"""The lanes, drawn: bars for stretches, marks for instants, and a label wherever one has room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from blackstart.render.picture.labels import fitted, text_width
from blackstart.render.picture.sheet import (
    GROUP_AT,
    GROUP_GAP,
    LABEL_AT,
    LEFT,
    PLAIN,
    RIGHT,
    ROW,
    SMALL,
    Sheet,
)

if TYPE_CHECKING:
    from blackstart.render.picture.canvas import Canvas
    from blackstart.render.picture.lanes import Bar, Lane, Mark

__all__ = ["draw_lanes", "draw_mark"]

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


def draw_lanes(sheet: Sheet, found: Sequence[Lane], y: float) -> float:
    group = ""
    for lane in found:
        if lane.group != group:
            if group:
                y += GROUP_GAP
                sheet.under.add("line", x1=GROUP_AT, x2=RIGHT, y1=y - 3.5, y2=y - 3.5, class_="rule")
            name = GROUPS.get(lane.group, lane.group)
            sheet.canvas.text(
                GROUP_AT, y + 13, fitted(name, SMALL, LABEL_AT - GROUP_AT - 4, least=1), SMALL, class_="soft"
            )
            group = lane.group
        _lane(sheet, lane, y)
        y += ROW
    return y


def _lane(sheet: Sheet, lane: Lane, y: float) -> None:
    label = fitted(lane.label, PLAIN, LEFT - LABEL_AT - 8, least=1)
    sheet.canvas.text(LABEL_AT, y + 13, label, PLAIN)
    if lane.empty:
        sheet.canvas.text(LEFT + 2, y + 13, lane.empty, SMALL, class_="soft halo")
    for bar in lane.bars:
        _bar(sheet, bar, y)
    if lane.marks:
        sheet.canvas.add("line", x1=LEFT, x2=RIGHT, y1=y + 9, y2=y + 9, class_="rule")
        _mark_labels(sheet, lane.marks, y)
        for mark in lane.marks:
            draw_mark(sheet.canvas, mark, sheet.scale.x(mark.at_s), y + 9)


def _bar(sheet: Sheet, bar: Bar, y: float) -> None:
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
        text = fitted(bar.text, SMALL, width - 8)
        sheet.canvas.text(left + 5, y + 12.5, text, SMALL, class_=f"on-{bar.kind}")


def draw_mark(canvas: Canvas, mark: Mark, x: float, middle: float) -> None:
    where: dict[str, object]
    if mark.kind in ("message", "pinned", "asked"):
        name, where = "circle", {"cx": x, "cy": middle, "r": 4.5 if mark.kind == "pinned" else 3.5}
    elif mark.kind in ("command", "nonzero"):
        name, where = "rect", {"x": x - 3, "y": middle - 4.5, "width": 6, "height": 9, "rx": 1}
    else:
        name, where = "path", {"d": f"M{x:.1f} {middle - 5}l5 5l-5 5l-5-5z"}
    canvas.add(name, **where, class_=f"m {mark.kind}", seq=mark.seq, tip=mark.tip)


def _mark_labels(sheet: Sheet, marks: Sequence[Mark], y: float) -> None:
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


def _clusters(sheet: Sheet, marks: Sequence[Mark], near: float = 9.0) -> list[list[Mark]]:
    clusters: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda one: one.at_s):
        if clusters and sheet.scale.x(mark.at_s) - sheet.scale.x(clusters[-1][-1].at_s) < near:
            clusters[-1].append(mark)
        else:
            clusters.append([mark])
    return clusters
