"""A sheet to draw on: the one place where SVG is written, and every text in it is escaped here."""

from __future__ import annotations

from html import escape

from blackstart.render.clean import one_line
from blackstart.render.picture.labels import Box, text_width

__all__ = ["Canvas", "element"]


def element(name: str, inside: str = "", /, **attributes: object) -> str:
    """One element. `inside` is markup; attribute values are escaped. `class_` is class, `a_b` is a-b."""
    parts = [name]
    for key, value in attributes.items():
        shown = (
            f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else escape(str(value), quote=True)
        )
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{shown}"')
    start = " ".join(parts)
    return f"<{start}>{inside}</{name}>" if inside else f"<{start}/>"


class Canvas:
    """Collects elements in the order in which they are painted; remembers where each label is."""

    def __init__(self, *, links: bool) -> None:
        self.parts: list[str] = []
        self.labels: list[Box] = []
        self._links = links

    def add(self, name: str, /, *, tip: str = "", seq: int | None = None, **attributes: object) -> None:
        """A shape. `tip` shows when somebody points at it; `seq` links it to that event of the page."""
        title = element("title", escape(one_line(tip, 400))) if tip else ""
        shape = element(name, title, **attributes)
        if seq is not None and self._links:
            shape = element("a", shape, href=f"#e{seq}", tabindex="-1")
        self.parts.append(shape)

    def text(
        self, x: float, y: float, text: str, size: float, *, anchor: str = "start", class_: str = "t"
    ) -> None:
        """A label whose baseline is at y."""
        if not text:
            return
        bold = "bold" in class_
        width = text_width(text, size, bold=bold)
        left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
        self.labels.append(Box(left, y - size * 0.78, left + width, y + size * 0.2, text))
        extra = {} if anchor == "start" else {"text_anchor": anchor}
        self.parts.append(element("text", escape(text), x=x, y=y, font_size=size, class_=class_, **extra))
