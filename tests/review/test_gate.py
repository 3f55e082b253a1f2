"""The gate: fail, unknown and pass are three things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.review.conftest import Stories


def test_a_metric_above_its_limit_fails(stories: type[Stories]) -> None:
    story = stories.golden().edit("scenario", "TTR: 30m", "TTR: 11m")
    judged = story.review()
    assert (judged.outcome, judged.gate.verdict) == ("failed", "fail")
    assert judged.gate.reasons == ["TTR was 11 min 19 s; the limit is 11 min."]


def test_a_metric_that_means_nothing_here_is_unknown(stories: type[Stories]) -> None:
    story = stories.golden().edit("scenario", "TTR: 30m", "update adherence: 30m")
    judged = story.review()
    assert (judged.gate.verdict, judged.outcome) == ("unknown", "failed")
    assert judged.gate.reasons[0].startswith("update adherence could not be measured")


def test_a_metric_whose_end_was_not_seen_fails_only_beyond_its_limit(stories: type[Stories]) -> None:
    said = stories.told().finish(1000, "limit", by="harness").review().gate.reasons
    assert "TTR was not over after 15 min 39 s; the limit is 30 min." in said
    said = stories.told().finish(5000, "limit", by="harness").review().gate.reasons
    assert "TTR was at least 1 h 22 min 19 s; the limit is 30 min." in said


@pytest.mark.parametrize(("least", "verdict"), [("minor", "fail"), ("major", "pass")])
def test_only_findings_of_that_severity_count(stories: type[Stories], least: str, verdict: str) -> None:
    story = stories.golden().edit("scenario", "no_finding: minor", f"no_finding: {least}")
    judged = story.say(500, "deploys fail, we look at it", "ic-1", "@payments-1").review()
    assert {one.rule for one in judged.findings if one.verdict == "fail"} == {"P29-no-direct-messages"}
    assert judged.gate.verdict == verdict


def test_what_could_not_be_judged_is_not_passed(stories: type[Stories]) -> None:
    """The drill ends in the middle of the window: not observed."""
    judged = stories.worked().status(850, "monitoring").status(860, "resolved").finish(1200, "limit").review()
    found = {one.rule: one.verdict for one in judged.findings if one.verdict != "pass"}
    assert found == {"P23-clean-window": "unknown"}
    assert (judged.gate.verdict, judged.outcome) == ("unknown", "failed")


def test_a_fault_of_the_story_that_never_came_is_not_passed(stories: type[Stories]) -> None:
    more = (
        "faults:\n  - id: second\n    fault: process.kill\n    target: dns\n    at: 90m\n    turns_red: dns"
    )
    judged = stories.golden().edit("scenario", "faults:", more).review()
    assert "The fault second never took effect." in judged.gate.reasons
    assert judged.outcome == "failed"
