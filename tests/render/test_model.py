from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.render.model import clock_words, view
from blackstart.review.model import Gate

if TYPE_CHECKING:
    from tests.render.conftest import Drill


def test_the_headline_is_the_protocols_three_in_its_order(mute: Drill) -> None:
    said = view(mute.review)
    assert [one.name for one in said.headline] == ["TTC", "TTR", "TTA"]
    assert [one.name for one in view(replace(mute.review, headline=["TTR", "TTQ"])).headline] == ["TTR"]


def test_reasons_that_a_finding_tells_are_not_told_twice(mute: Drill) -> None:
    said = view(mute.review)
    assert said.reasons == ["P04-acknowledge-in-time failed: no", "TTX is 90 s"]
    assert said.other_reasons == ["TTX is 90 s"]


@pytest.mark.parametrize(
    ("outcome", "verdict", "means"),
    [
        ("passed", "pass", "Every condition of the gate held."),
        ("failed", "fail", "The drill ran, and its gate did not hold."),
        (
            "failed",
            "unknown",
            "The drill ran, and its gate could not be judged in full: unknown is never passed.",
        ),
        ("failed", "pass", "Its gate held, but not every fault is proven healed."),
    ],
)
def test_the_outcome_says_what_was_wrong(mute: Drill, outcome: Any, verdict: Any, means: str) -> None:
    assert view(replace(mute.review, outcome=outcome, gate=Gate(verdict, []))).outcome_means == means


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (
            {"mode": "jump", "jumps": 57, "jumped_s": 4440.0, "pauses": 0, "length_s": 4505.0},
            "It took 1 h 15 min 5 s of drill time. The clock jumped from one instant to the next whenever everybody"
            " only waited. 57 jumps, 1 h 14 min in all. No pauses.",
        ),
        ({"mode": "real", "pauses": 1}, "Drill time was wall time. No jumps. 1 pause."),
        (
            {"mode": "paced", "pace": 6.0, "pauses": [1, 2], "paused_s": 60.0},
            "Drill time ran 6 times as fast as wall time; each uncertainty grew by as much. No jumps."
            " 2 pauses, 1 min in all, which count nowhere.",
        ),
        ({}, "The record does not say how the clock ran. No jumps. No pauses."),
    ],
)
def test_mode_pace_jumps_and_pauses_are_always_stated(clock: dict[str, Any], words: str) -> None:
    assert " ".join(clock_words(clock)) == words


def test_the_header_in_words(book: Drill) -> None:
    said = view(book.review, book.events)
    assert said.about == {
        "Date": "2026-04-26, 15:30 UTC",
        "Crew": "by-the-book (simulated people, seed 1)",
        "Participants": "ic-1 (ic), sme-1 (sme), comms-1 (comms)",
        "Replica": "local",
        "Probes": "read every 1 s",
        "Version": "blackstart 0.1.0",
    }
    assert view(book.review).about == {}


@pytest.mark.parametrize(
    ("scenario", "slug"),
    [("scenarios/vault/auth-503.yaml", "vault/auth-503"), ("/x/scenarios/a/b.yml", "a/b"), ("odd", "odd")],
)
def test_the_slug(book: Drill, scenario: str, slug: str) -> None:
    assert view(replace(book.review, scenario=scenario)).slug == slug
