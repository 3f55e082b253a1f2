from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart import render
from blackstart.review.model import Gate, Review

if TYPE_CHECKING:
    from tests.render.conftest import Drill


def cases(review: Review) -> dict[str, str]:
    """Each test case's result, by its name."""
    suite = ET.fromstring(render.junit(review))[0]
    found = {case.get("name", ""): case[0].tag if len(case) else "pass" for case in suite.iter("testcase")}
    results = list(found.values())
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == [
        str(n) for n in (len(results), results.count("failure"), results.count("error"), 0)
    ]
    return found


def test_one_case_a_rule_beside_the_drill_and_its_gate(book: Drill) -> None:
    found = cases(book.review)
    assert list(found)[:2] == ["drill", "gate"]
    assert set(list(found)[2:]) == {one.rule for one in book.review.findings}
    assert set(found.values()) == {"pass"}


def test_failed_is_a_failure_and_unknown_an_error_never_a_pass(mute: Drill) -> None:
    found = cases(mute.review)
    assert found["drill"] == "pass"
    assert found["gate"] == "failure"
    assert found["P04-acknowledge-in-time"] == "failure"
    assert found["P19-impact-true"] == "error"
    assert found["P22-read-only-first"] == "pass"


def test_a_failure_tells_message_evidence_and_where(mute: Drill) -> None:
    suite = ET.fromstring(render.junit(mute.review))[0]
    assert suite.get("name") == "blackstart.vault.auth-503"
    case = next(one for one in suite.iter("testcase") if one.get("name") == "P04-acknowledge-in-time")
    assert case.get("classname") == "blackstart.vault.auth-503"
    assert case[0].get("message") == "Acknowledge in time did not hold"
    assert (case[0].text or "").splitlines() == [
        "major: Acknowledge in time did not hold",
        "What was seen.",
        "12 min in the dark",
        "where: scenarios/protocols/playbook.yaml:12",
        "evidence: events 14, 20",
        "proposal: Change what P04-acknowledge-in-time says.",
    ]


def test_a_rule_broken_twice_is_one_case(mute: Drill) -> None:
    twice = [*mute.review.findings, replace(mute.review.findings[-1], verdict="fail", id="again")]
    found = cases(replace(mute.review, findings=twice))
    assert found["P22-read-only-first"] == "failure"
    assert len(found) == 8


@pytest.mark.parametrize(
    ("outcome", "gate", "results"),
    [
        ("passed", "pass", ("pass", "pass")),
        ("failed", "fail", ("pass", "failure")),
        ("failed", "unknown", ("pass", "error")),
        ("failed", "pass", ("error", "pass")),
        ("invalid", "unknown", ("error", "error")),
        ("aborted", "pass", ("error", "pass")),
        ("aborted", "fail", ("error", "failure")),
        ("unclosed", "unknown", ("error", "error")),
    ],
)
def test_only_a_passed_drill_is_all_green(
    book: Drill, outcome: Any, gate: Any, results: tuple[str, str]
) -> None:
    found = cases(replace(book.review, outcome=outcome, gate=Gate(gate, ["why"]), findings=[]))
    assert (found["drill"], found["gate"]) == results


def test_hostile_texts_parse(hostile: Drill) -> None:
    assert "P00-x" in cases(hostile.review)


@given(text=st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_parses(mute: Drill, text: str) -> None:
    finding = mute.review.findings[0]
    one = replace(finding, title=text, detail=text, rule=text, proposal=text)
    ET.fromstring(render.junit(replace(mute.review, findings=[one], title=text, drill=text)))
