from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from blackstart.render.picture.canvas import Canvas, element


def test_an_element() -> None:
    assert element("rect", x=1.0, width=2.25, class_="a", stroke_width=3) == (
        '<rect x="1" width="2.2" class="a" stroke-width="3"/>'
    )
    assert element("a", "<b/>", href='"<&') == '<a href="&quot;&lt;&amp;"><b/></a>'


def test_a_text_is_escaped_and_its_place_remembered() -> None:
    canvas = Canvas(links=False)
    canvas.text(10.0, 20.0, "<b>", 10.0)
    canvas.text(10.0, 20.0, "", 10.0)
    assert canvas.parts == ['<text x="10" y="20" font-size="10" class="t">&lt;b&gt;</text>']
    (label,) = canvas.labels
    assert (label.left, label.text) == (10.0, "<b>")


def test_links_only_where_there_is_a_page_to_link_to() -> None:
    for links, start in ((True, '<a href="#e7"'), (False, "<rect")):
        canvas = Canvas(links=links)
        canvas.add("rect", seq=7, tip="what", x=1)
        assert canvas.parts[0].startswith(start)


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_tip_gives_xml(tip: str) -> None:
    canvas = Canvas(links=True)
    canvas.add("rect", tip=tip, seq=1, x=1)
    ET.fromstring(canvas.parts[0])
