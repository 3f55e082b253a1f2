"""The review as a whole: pure, never surprised, honest about what it cannot see."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blackstart import events as ev
from blackstart.chain import Event
from blackstart.errors import RecordError
from blackstart.review import review, to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.review.conftest import Stories

WORDS = st.text(max_size=200) | st.sampled_from(
    [
        "[15:35 UTC] STATUS UPDATE — INC-2026-04-26-001",
        "[99:99 UTC] STATUS UPDATE — INC-2026-04-26-001\nNext update: 77:88\nImpact:",
        "STATUS UPDATE\nNext update: in 999 minutes\nImpact: nothing works, not even nothing",
        "Impact: . Symptom: Impact: Symptom:",
        "INC-2026-04-26-001 acknowledged. Investigating . Updates in this thread.",
        "I'm IC; ic: over to nobody-9; I'm no longer ic",
        "ship ship not not fail but while, payments is",
        "\x00\ud800\u202e￼",
    ]
)


def test_the_same_record_gives_the_same_bytes(stories: type[Stories]) -> None:
    events = stories.golden().events()
    first = to_bytes(review(events))
    assert to_bytes(review(list(events))) == first
    assert to_bytes(review([Event.from_json(json.loads(event.to_line())) for event in events])) == first


def test_it_is_json_with_a_version(stories: type[Stories]) -> None:
    data = json.loads(to_bytes(stories.golden().review()))
    assert (data["schema"], data["drill"]) == (1, "INC-2026-04-26-001")
    assert {"metrics", "steps", "findings", "ratings", "gate", "spans"} <= set(data)


def test_a_record_cut_at_any_event_is_judged_and_unclosed(stories: type[Stories]) -> None:
    events = stories.golden().events()
    for length in range(1, len(events)):
        judged = review(events[:length])
        assert judged.outcome == "unclosed", length
        assert json.loads(to_bytes(judged))["outcome"] == "unclosed"


def test_no_rule_and_no_metric_crashes_on_a_cut_record(stories: type[Stories]) -> None:
    """A rule that crashes is unknown and says so; here none may."""
    events = stories.golden().events()
    for length in range(1, len(events)):
        judged = review(events[:length])
        told = [one.detail for one in judged.findings if one.verdict == "unknown"]
        told += [one.reason for one in judged.metrics]
        assert not [text for text in told if "Error" in text], length


@settings(max_examples=60)
@given(order=st.randoms(use_true_random=False))
def test_a_shuffled_record_is_judged(stories: type[Stories], order: object) -> None:
    first, *rest = stories.golden().events()
    order.shuffle(rest)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert to_bytes(review([first, *rest]))


@settings(max_examples=60)
@given(keep=st.sets(st.integers(1, 140), max_size=60))
def test_a_record_with_holes_is_judged(stories: type[Stories], keep: set[int]) -> None:
    events = stories.golden().events()
    assert to_bytes(review([event for event in events if event.seq == 1 or event.seq not in keep]))


@settings(max_examples=150)
@given(said=st.lists(st.tuples(st.integers(136, 4000), WORDS, st.booleans()), max_size=6))
def test_whatever_people_write_is_read(stories: type[Stories], said: list[tuple[int, str, bool]]) -> None:
    story = stories.worked()
    for at, text, direct in said:
        story.say(float(at), text, "sme-1", "@ic-1" if direct else "incident")
    judged = story.finish(9000, "limit").review()
    assert to_bytes(judged)
    told = [one.detail for one in judged.findings if one.verdict == "unknown"]
    assert not [text for text in told if "crashed" in text or "failed:" in text]


@settings(max_examples=100)
@given(lines=st.lists(st.text(max_size=80), max_size=5))
def test_whatever_people_run_is_read(stories: type[Stories], lines: list[str]) -> None:
    story = stories.told()
    for number, line in enumerate(lines):
        story.run(300.0 + number, line)
    assert to_bytes(story.finish(9000, "limit", by="harness").review())


def test_an_update_without_any_field_is_read(stories: type[Stories]) -> None:
    story = stories.broken().say(330, "[15:35 UTC] STATUS UPDATE — INC-2026-04-26-001: we are on it")
    found = next(
        one
        for one in story.finish(9000, "limit", by="harness").review().findings
        if one.rule == "P18-update-template"
    )
    assert found.verdict == "fail"


# --- what cannot be judged ----------------------------------------------------------------------------


@pytest.mark.parametrize("events", [[], None])
def test_no_drill_no_review(stories: type[Stories], events: list[Event] | None) -> None:
    with pytest.raises(RecordError):
        review(stories.golden().events()[1:] if events is None else events)


def test_a_record_without_its_protocol_cannot_be_judged(stories: type[Stories]) -> None:
    first, *rest = stories.golden().events()
    assert isinstance(first.body, ev.DrillOpened)
    files = [one for one in first.body.inputs if one["kind"] != "protocol"]
    with pytest.raises(RecordError, match="protocol"):
        review([replace(first, body=replace(first.body, inputs=files)), *rest])


def test_an_aborted_drill_is_aborted(stories: type[Stories]) -> None:
    story = stories.told().add(600, ev.AbortAsked("facilitator", "signal"))
    assert story.finish(600, "aborted", by="harness").review().outcome == "aborted"


def test_a_fault_that_may_remain_passes_nothing(stories: type[Stories]) -> None:
    judged = stories.golden().add(4562, ev.FaultUnproven("sealed", "no probe turned green")).review()
    assert judged.outcome != "passed"


# --- redaction ----------------------------------------------------------------------------------------


def _redacted(stories: type[Stories], which: Callable[[Event], bool]) -> set[int]:
    return {event.seq for event in stories.golden().events() if which(event)}


@pytest.mark.parametrize("kind", ["thread.posted", "command.started"])
def test_a_record_whose_words_are_redacted_is_judged(stories: type[Stories], kind: str) -> None:
    story = stories.golden()
    story.redact = _redacted(stories, lambda event: event.kind == kind)
    judged = story.review()
    assert to_bytes(judged)
    assert not [one for one in judged.findings if "crashed" in one.detail or "rule failed" in one.detail]


def test_when_something_was_said_stays_known_without_the_words(stories: type[Stories]) -> None:
    story = stories.golden()
    story.redact = _redacted(stories, lambda event: event.kind == "thread.posted")
    judged = story.review()
    times = {one.name: one.seconds for one in judged.metrics}
    assert (times["TTC"], times["TTR"]) == (129.0, 679.0)
    assert judged.outcome != "passed"


# --- the picture --------------------------------------------------------------------------------------


def test_spans_say_what_was_red_broken_and_held(stories: type[Stories]) -> None:
    spans = {(one.lane, one.start_s, one.end_s) for one in stories.golden().review().spans}
    assert {(f"probe:{name}", 61.0, 740.0) for name in ("vault", "ship", "authenticate")} <= spans
    lanes = {lane for lane, _, _ in spans}
    assert {"fault:sealed", "role:ic", "role:sme", "role:comms"} <= lanes
    assert all(start <= end for _, start, end in spans)
