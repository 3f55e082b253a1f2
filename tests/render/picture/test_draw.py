from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blackstart import events as ev
from blackstart import render
from blackstart.render.picture.draw import draw
from blackstart.render.picture.sheet import RIGHT, WIDTH

if TYPE_CHECKING:
    from tests.render.conftest import Drill, Script

    from blackstart.render.picture.labels import Box

SVG = "{http://www.w3.org/2000/svg}"
DRILLS = ("book", "mute", "hostile")


@pytest.fixture(params=DRILLS)
def drill(request: pytest.FixtureRequest) -> Drill:
    found: Drill = request.getfixturevalue(request.param)
    return found


def meeting(labels: list[Box]) -> list[tuple[str, str]]:
    return [(one.text, other.text) for one, other in combinations(labels, 2) if one.meets(other)]


def test_it_is_well_formed_and_says_what_it_shows(drill: Drill) -> None:
    picture = ET.fromstring(draw(drill.review, drill.events).svg)
    title, desc = picture.find(f"{SVG}title"), picture.find(f"{SVG}desc")
    assert title is not None
    assert title.text
    assert desc is not None
    assert "TTC" in (desc.text or "")
    assert picture.get("role") == "img"


def test_no_two_labels_overlap_and_all_are_on_the_sheet(drill: Drill) -> None:
    picture = draw(drill.review, drill.events)
    assert picture.labels
    assert meeting(picture.labels) == []
    height = float(ET.fromstring(picture.svg).get("height", "0"))
    for label in picture.labels:
        assert 0 <= label.left
        assert label.right <= WIDTH
        assert 0 <= label.top
        assert label.bottom <= height


def test_every_shape_is_on_the_sheet(drill: Drill) -> None:
    for shape in ET.fromstring(draw(drill.review, drill.events).svg).iter(f"{SVG}rect"):
        left, width = float(shape.get("x", "0")), float(shape.get("width", "0"))
        assert width > 0
        assert left + width <= max(WIDTH, RIGHT + 2)


def test_it_stands_alone(book: Drill) -> None:
    source = render.timeline_svg(book.review, book.events).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|href|@import|<script|url\((?!#bs-)", source)
    assert "<style>" in source
    assert len(source) < 60_000


def test_on_a_page_its_marks_lead_to_events(book: Drill) -> None:
    links = re.findall(r'href="#e(\d+)"', draw(book.review, book.events, links=True).svg)
    assert set(map(int, links)) <= {event.seq for event in book.events}
    assert str(book.seq("page.acked")) in links


def test_jumps_are_marked_and_quiet_stretches_named(book: Drill) -> None:
    source = draw(book.review, book.events).svg
    assert source.count('class="jumped"') == sum(event.kind == "clock.jumped" for event in book.events)
    assert [label for label in re.findall(r">([^<]*)</text>", source) if label in ("25 min", "35 min")] == [
        "25 min",
        "35 min",
    ]
    assert "shaded: a quiet stretch, drawn narrower" in source


def test_the_times_of_day_are_those_of_the_record(book: Drill) -> None:
    labels = [label.text for label in draw(book.review, book.events).labels]
    times = [text for text in labels if re.fullmatch(r"\d\d:\d\d", text)]
    assert times[:3] == ["15:30", "15:32", "15:34"]


def test_a_pause_is_marked(book: Drill) -> None:
    pause = replace(book.events[30], body=ev.ClockPaused("facilitator"))
    assert 'class="paused"' in draw(book.review, [*book.events[:30], pause, *book.events[31:]]).svg


def test_a_record_without_events_is_an_empty_sheet(book: Drill) -> None:
    ET.fromstring(draw(replace(book.review, spans=[]), []).svg)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 8000), st.sampled_from(["say", "run", "page"]), st.text(max_size=30)),
        max_size=40,
    )
)
def test_labels_never_overlap_whatever_happens_when(
    book: Drill, begun: Callable[[], Script], happenings: list[tuple[float, str, str]]
) -> None:
    script = begun()
    for at, what, text in sorted(happenings):
        script.events[-1] = replace(script.events[-1], drill_s=max(at, script.events[-1].drill_s))
        if what == "say":
            script.say("ic-1", text, f"#{text[:3]}")
        elif what == "run":
            script.run("sme-1", text, "")
        else:
            script.add(ev.PageEscalated("p-1", "sme-1", 2, 1.0, text), source="page")
    assert meeting(draw(book.review, script.events).labels) == []


def test_a_hundred_thousand_jumps_are_one_small_picture(book: Drill) -> None:
    jumps = [
        replace(book.events[-1], seq=number, body=ev.ClockJumped(number / 100, (number + 1) / 100))
        for number in range(100_000)
    ]
    assert len(draw(book.review, [*book.events[:-1], *jumps, book.events[-1]]).svg) < 200_000
