from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from blackstart import events as ev
from blackstart import render
from blackstart.events import FreeText
from blackstart.render import page as page_module
from blackstart.render.clean import clean

if TYPE_CHECKING:
    from tests.render.conftest import Drill

VOID = {"meta", "br", "link", "img"}


class Seen(HTMLParser):
    """What a browser would find: every tag in balance, ids, links, text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(values["id"] or "")
        for name in ("href", "src"):
            if name in values:
                self.links.append(values[name] or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


def seen(drill: Drill) -> Seen:
    return Seen(render.html(drill.review, drill.events))


def test_every_tag_is_in_balance_and_every_id_unique(book: Drill, mute: Drill) -> None:
    for drill in (book, mute):
        found = seen(drill)
        assert found.open == []
        assert len(set(found.ids)) == len(found.ids)


def test_every_link_leads_to_a_place_on_the_page(book: Drill, mute: Drill, hostile: Drill) -> None:
    for drill in (book, mute, hostile):
        found = seen(drill)
        assert all(link.startswith("#") for link in found.links)
        assert {link[1:] for link in found.links} <= set(found.ids)


def test_it_is_self_contained(book: Drill) -> None:
    source = render.html(book.review, book.events).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", source)
    assert not {"link", "img", "iframe", "object", "base"} & set(seen(book).tags)
    assert len(source) < 150_000


def test_one_small_script_and_everything_readable_without_it(book: Drill) -> None:
    source = render.html(book.review, book.events)
    assert source.count("<script") == 1
    without = re.sub(r"<script>.*?</script>", "", source, flags=re.DOTALL)
    assert Seen(without).words == Seen(source).words


def test_the_first_page(mute: Drill) -> None:
    words = seen(mute).words
    for part in (
        "Vault answers 503 on its auth endpoints INC-2026-04-26-001",
        "Drill: nothing of this was real production.",
        "Failed The drill ran, and its gate did not hold. 4 findings failed, 1 unknown, 1 passed.",
        "TTC Time to communicate at least 1 h 41 min 18 s ± 1 s Censored: nobody wrote a word.",
        "TTR Time to restore 11 min 18 s ± 1 s",
        "The clock jumped from one instant to the next",
    ):
        assert part in words
    changes = words.partition("What to change first")[2].partition("It took")[0]
    assert (
        changes.split()
        == (
            "Change what P16-update-cadence says. P16-update-cadence: 1 h 9 min in the dark"
            " scenarios/protocols/playbook.yaml:51"
            " Change what P04-acknowledge-in-time says. P04-acknowledge-in-time: 12 min in the dark"
            " scenarios/protocols/playbook.yaml:12"
            " Change what P09-roles-claimed says. P09-roles-claimed scenarios/protocols/playbook.yaml:24"
        ).split()
    )


def test_evidence_leads_to_the_event(mute: Drill) -> None:
    source = render.html(mute.review, mute.events)
    assert '<a class="ev" href="#e14">14</a>' in source
    assert '<tr id="e14">' in source


def test_a_step_has_its_commands_and_its_audit_lines(mute: Drill) -> None:
    source = render.html(mute.review, mute.events)
    row = next(line for line in source.splitlines() if 'scope="row">Open it</th>' in line)
    assert f'href="#e{mute.seq("command.started", 1)}"' in row
    assert 'href="#e7"' in row


def test_tables_have_headers_and_the_picture_has_words(book: Drill) -> None:
    source = render.html(book.review, book.events)
    assert source.count("<table") == source.count("<thead>")
    assert "<th>" not in source
    assert 'role="img" aria-labelledby="bs-title bs-desc"' in source
    assert {"header", "main", "nav", "footer"} <= set(seen(book).tags)


def test_what_others_wrote_is_shown_and_never_acts(hostile: Drill) -> None:
    source = render.html(hostile.review, hostile.events)
    found = Seen(source)
    assert found.open == []
    assert source.count("<script") == 1
    assert "img" not in found.tags
    assert not {name for name in found.attributes if name.startswith("on")}
    assert not set("\x00\x07\x1b\x7f\u202e\u2066") & set(source)
    source.encode("utf-8")
    assert "<script>alert(1)</script>" in found.words
    assert "{{ 7*7 }}" in found.words
    assert len(source) < 2_000_000


def test_a_long_record_leaves_out_only_what_nothing_cites(book: Drill) -> None:
    sample = next(event for event in book.events if event.kind == "probes.sampled")
    many = [replace(sample, seq=number) for number in range(1000, 4000)]
    cited = {1500}
    listed = page_module.rows([*book.events, *many], cited)
    numbers = {row.seq for row in listed}
    assert {
        event.seq
        for event in book.events
        if event.kind not in ("probes.sampled", "clock.jumped", "audit.seen")
    } <= numbers
    assert numbers & set(range(1000, 4000)) == cited


def test_a_drill_without_anything(book: Drill) -> None:
    empty = replace(
        book.review, metrics=[], steps=[], findings=[], ratings=[], spans=[], headline=[], clock={}
    )
    found = Seen(render.html(empty, []))
    assert found.open == []
    for part in (
        "No rule was applied.",
        "Nobody wrote anything.",
        "No command was run.",
        "Nothing was rated.",
    ):
        assert part in found.words


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_message_is_shown(book: Drill, text: str) -> None:
    events = list(book.events)
    index = next(i for i, event in enumerate(events) if isinstance(event.body, ev.ThreadPosted))
    body = ev.ThreadPosted("m-1", "incident", FreeText(text, "", ""))
    events[index] = replace(events[index], body=body)
    found = Seen(render.html(book.review, events))
    assert found.open == []
    assert " ".join(clean(text).split()) in found.words
