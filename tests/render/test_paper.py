from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from blackstart import render
from blackstart.render.paper import table, text

if TYPE_CHECKING:
    from tests.render.conftest import Drill

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])

ANY = st.text(st.characters(exclude_categories=()), max_size=80)


def tables(source: str) -> list[list[int]]:
    """For each table of a document, how many cells each of its rows has."""
    found: list[list[int]] = []
    for token in MARKDOWN.parse(source):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append(0)
        elif token.type in ("td_open", "th_open"):
            found[-1][-1] += 1
    return found


def headings(source: str) -> list[str]:
    tokens = MARKDOWN.parse(source)
    return [
        tokens[i + 1].content
        for i, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]


def test_what_was_broken_and_who_ended_it(mute: Drill) -> None:
    said = render.markdown(mute.review, mute.events)
    assert "| vault.seal on vault | sealed | 0:01:00 | 0:15:30 | people | proven healed |" in said
    assert "| process.kill on dns | late |   |   |   | skipped |" in said


def test_the_parts_in_their_order(mute: Drill) -> None:
    assert headings(render.markdown(mute.review, mute.events)) == [
        "Overview",
        "Headline",
        "What to change first",
        "What was broken",
        "Metrics",
        "Findings",
        "Runbook steps",
        "Ratings",
        "Timeline",
        "Improvement plan",
    ]


def test_the_improvement_plan_has_a_row_for_each_failed_finding(mute: Drill) -> None:
    plan = render.markdown(mute.review, mute.events).partition("## Improvement plan")[2]
    rows = [line for line in plan.splitlines() if line.startswith("| P")]
    assert rows[0] == (
        "| P16-update-cadence | Update cadence did not hold | Change what P16-update-cadence says. |   |   |   |"
    )
    assert len(rows) == 4


def test_the_owner_of_a_runbook_is_known(mute: Drill) -> None:
    from dataclasses import replace

    from blackstart.review.model import Where

    where = Where("scenarios/runbooks/vault-sealed.md", 18)
    review = replace(mute.review, findings=[replace(mute.review.findings[1], where=where)])
    assert "| platform-security |" in render.markdown(review, mute.events)


def test_hostile_texts_leave_every_table_whole(hostile: Drill, mute: Drill) -> None:
    plain, poisoned = (render.markdown(one.review, one.events) for one in (mute, hostile))
    assert headings(plain) == headings(poisoned)
    for rows in tables(plain) + tables(poisoned):
        assert len(set(rows)) == 1
    page = MARKDOWN.render(poisoned)
    for sign in ("<script", "<img", "<a ", 'javascript:alert(1)"'):
        assert sign not in page


@given(ANY)
@example("0. a list")
@example("1) too")
@example("- and this")
@example("---")
@example("+ or this")
@example("| a | b |")
@example("a\\")
def test_any_text_is_itself_in_a_cell_and_nothing_else(words: str) -> None:
    from html import unescape

    from blackstart.render.clean import one_line

    source = "\n".join(table(["a", "b"], [[text(words), "end"]]))
    assert tables(source) == [[2, 2]]
    shown = MARKDOWN.render(source)
    cell = shown.partition("<td>")[2].partition("</td>")[0]
    assert "<" not in cell
    assert unescape(cell) == one_line(words, 2000)


@given(ANY)
@example("===")
@example("0. a list")
@example("# head")
@example("    code")
def test_any_text_stays_one_paragraph(words: str) -> None:
    from blackstart.render.clean import one_line

    kinds = [token.type for token in MARKDOWN.parse(f"before\n\n{text(words)}\n\nafter")]
    assert kinds == ["paragraph_open", "inline", "paragraph_close"] * (3 if one_line(words) else 2)
