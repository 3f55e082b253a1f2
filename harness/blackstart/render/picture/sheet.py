"""The sheet that the picture is drawn on: its measures, and what every part of the drawing needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.render.picture.canvas import Canvas
    from blackstart.render.picture.scale import Scale

WIDTH = 1120.0
GROUP_AT, LABEL_AT, LEFT, RIGHT = 10.0, 88.0, 212.0, 1104.0
"""Where the names of groups, the names of lanes and the axis begin, and where the axis ends."""

ROW, GROUP_GAP = 18.0, 7.0
SMALL, PLAIN = 10.0, 11.0
"""The two sizes of type."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """`under` is painted first: shades and guides that everything else lies on."""

    canvas: Canvas
    under: Canvas
    scale: Scale
