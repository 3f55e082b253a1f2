"""The playbook's worked example, done by the book, earns full marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.review.conftest import Stories

FOURTEEN = (
    "TTD", "TTN", "TTA", "TTRoles", "TTE", "TTC", "TTScope", "TTM", "TTR", "update adherence", "silence",
    "comms debt", "claim error", "observation window",
)  # fmt: skip


def test_no_finding_fails_and_none_is_unknown(stories: type[Stories]) -> None:
    judged = stories.golden().review()
    assert {one.rule: one.detail for one in judged.findings if one.verdict != "pass"} == {}
    assert len(judged.findings) >= 15


def test_every_metric_is_measured(stories: type[Stories]) -> None:
    judged = stories.golden().review()
    assert {one.name: one.reason for one in judged.metrics if one.status != "measured"} == {}
    assert set(FOURTEEN) <= {one.name for one in judged.metrics}


def test_it_passes_with_the_best_rating(stories: type[Stories]) -> None:
    judged = stories.golden().review()
    assert judged.outcome == "passed"
    assert judged.gate.verdict == "pass"
    assert {one.rating for one in judged.ratings} == {"P"}


def test_every_step_is_done(stories: type[Stories]) -> None:
    assert {line.step: line.state for line in stories.golden().review().steps} == dict.fromkeys(
        ("check-seal", "check-discovery", "check-workloads", "unseal", "verify-seal", "verify-login", "verify-deploy"),
        "done",
    )  # fmt: skip


def test_its_numbers(stories: type[Stories]) -> None:
    """Every one by hand: effect 61, page 135, acknowledged 171, first word 190, green 740, claimed 800, clear 4500."""
    judged = stories.golden().review()
    seconds = {one.name: one.seconds for one in judged.metrics}
    expected = {
        "TTD": 74.0,
        "TTN": 0.0,
        "TTA": 36.0,
        "TTE": 104.0,
        "TTC": 129.0,
        "TTScope": 269.0,
        "TTM": 679.0,
        "TTR": 679.0,
        "comms debt": 0.0,
        "claim error": 60.0,
        "silence": 1500.0,
        "observation window": 3760.0,
    }
    assert {name: seconds[name] for name in expected} == expected
    assert next(one.share for one in judged.metrics if one.name == "update adherence") == 1.0
