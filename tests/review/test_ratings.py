"""Ratings: never above what the evidence supports."""

from __future__ import annotations

import pytest

from blackstart.review.model import Finding, Metric
from blackstart.review.ratings import ratings_of


def _finding(rule: str, verdict: str, severity: str) -> Finding:
    return Finding(rule, rule, verdict, severity, "", "", [], 0.0, 0.0, None, "")  # type: ignore[arg-type]


def _metric(name: str, status: str) -> Metric:
    return Metric(name, name, 60.0, None, 0.0, 1, 2, status, "not seen" if status == "censored" else "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "rating"),
    [
        ([("P04-a", "pass", "major"), ("P05-a", "pass", "minor")], "P"),
        ([("P04-a", "pass", "major"), ("P05-a", "fail", "minor")], "S"),
        ([("P04-a", "unknown", "major")], "S"),
        ([("P04-a", "fail", "major"), ("P05-a", "fail", "minor")], "M"),
        ([("P04-a", "fail", "major"), ("P09-a", "fail", "major")], "U"),
    ],
)
def test_grades(found: list[tuple[str, str, str]], rating: str) -> None:
    rated = ratings_of([_finding(*one) for one in found], [_metric("TTA", "measured")])
    assert [(one.capability, one.rating) for one in rated] == [("Acknowledge", rating)]


def test_a_task_whose_end_was_never_seen_is_unable() -> None:
    rated = ratings_of([_finding("P36-a", "pass", "minor")], [_metric("TTR", "censored")])
    assert [(one.capability, one.rating, one.because) for one in rated] == [
        ("Recover", "U", ["TTR: not seen"])
    ]


def test_what_nothing_speaks_of_has_no_rating() -> None:
    assert ratings_of([], [_metric("TTR", "void")]) == []
