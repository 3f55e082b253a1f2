from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from blackstart.render.picture.draw import draw
from blackstart.render.picture.sheet import RIGHT

if TYPE_CHECKING:
    from tests.render.conftest import Drill


def lines(svg: str) -> dict[str, tuple[float, float]]:
    """Where each headline number's line starts and ends, by its title."""
    found = re.findall(r'<path d="M([\d.]+) [^"]*H([\d.]+)[^"]*" class="dim"><title>([^:<]*)', svg)
    return {title: (float(start), float(end)) for start, end, title in found}


def pole(svg: str, label: str) -> float:
    """Where the flag of that name stands."""
    (x,) = re.findall(rf'<line x1="([\d.]+)"[^>]*class="pole"/>\n<text[^>]*>{label}</text>', svg)
    return float(x)


def test_each_headline_number_is_as_long_as_it_lasted(book: Drill) -> None:
    svg = draw(book.review, book.events).svg
    found = lines(svg)
    assert found["Time to communicate"] == (pole(svg, "first red probe"), pole(svg, "first word to teams"))
    assert found["Time to restore"] == (pole(svg, "first red probe"), pole(svg, "all green"))
    assert found["Time to acknowledge"] == (pole(svg, "paged"), pole(svg, "acknowledged"))


def test_what_never_ended_is_open_to_the_edge(mute: Drill) -> None:
    svg = draw(mute.review, mute.events).svg
    assert lines(svg)["Time to communicate"] == (pole(svg, "first red probe"), RIGHT)


def test_what_was_not_measured_has_no_line(mute: Drill) -> None:
    void = [replace(metric, status="void") for metric in mute.review.metrics]
    assert lines(draw(replace(mute.review, metrics=void), mute.events).svg) == {}


@pytest.mark.parametrize("first", ["drill.opened", "drill.closed"])
def test_a_label_without_room_beside_its_line_never_shortens_it(book: Drill, first: str) -> None:
    """One line as long as the drill, and one of no length at its end."""
    last = book.seq("drill.closed")
    metrics = [replace(m, start_event=book.seq(first), end_event=last) for m in book.review.metrics]
    picture = draw(replace(book.review, metrics=metrics), book.events)
    assert {end for _, end in lines(picture.svg).values()} == {RIGHT}
    assert all(label.right <= RIGHT for label in picture.labels if label.text.startswith("TT"))
