"""The protocol's forms, whatever the dash, the case or the order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from blackstart.protocol import Protocol
from blackstart.review.wording import (
    acknowledgement_of,
    impact_of,
    next_update_s,
    stamp_off_s,
    update_of,
)
from blackstart.source import load

PLAYBOOK = load(Protocol, Path(__file__).parents[2] / "scenarios" / "protocols" / "playbook.yaml").model
ID = "INC-2026-04-26-001"
AT = datetime(2026, 4, 26, 15, 42, 30, tzinfo=UTC)
FIELDS = "Symptom: a\nImpact: b\nInvestigation: c\nNext update: 15:57 UTC, or sooner if state changes"


@pytest.mark.parametrize(
    "text",
    [
        f"{ID} acknowledged. Investigating logins answering 503. Updates in this thread.",
        f"**{ID.lower()} ACKNOWLEDGED**.  Investigating logins answering 503.\nUpdates in this thread",
        f"Hello. `{ID}` acknowledged. Investigating logins answering 503. Updates in this thread. Thanks!",
    ],
)
def test_the_acknowledgement(text: str) -> None:
    found = acknowledgement_of(text, PLAYBOOK)
    assert (found.incident_id.upper(), found.symptom, found.whole) == (ID, "logins answering 503", True)


@pytest.mark.parametrize(
    "text",
    [f"{ID} acknowledged. Updates in this thread.", f"{ID} acknowledged. Investigating . Updates in this thread.",
     f"{ID} acknowledged. Investigating 503."],
)  # fmt: skip
def test_what_lacks_a_part_is_not_whole(text: str) -> None:
    found = acknowledgement_of(text, PLAYBOOK)
    assert (found.incident_id, found.whole) == (ID, False)


@pytest.mark.parametrize(
    "head",
    [
        f"[15:42 UTC] STATUS UPDATE — {ID}",
        f"[15:42 UTC] Status update - {ID}",
        f"**[15:42 UTC] STATUS UPDATE \u2013 {ID}**",
        f"15:42 UTC STATUS UPDATE — {ID}",
    ],
)
def test_an_update(head: str) -> None:
    found = update_of(f"{head}\n{FIELDS}", PLAYBOOK)
    assert found is not None
    assert (found.incident_id, found.stamp, found.missing(PLAYBOOK)) == (ID, "15:42", [])
    assert found.fields["Impact"] == "b"


def test_fields_in_any_order_on_one_line() -> None:
    text = (
        f"[15:42 UTC] STATUS UPDATE — {ID} next update: 15:57 UTC impact: b SYMPTOM: a **Investigation:** c"
    )
    found = update_of(text, PLAYBOOK)
    assert found is not None
    assert found.missing(PLAYBOOK) == []


def test_an_update_says_what_it_lacks() -> None:
    found = update_of("Status update: still on it.\nImpact: b", PLAYBOOK)
    assert found is not None
    assert found.missing(PLAYBOOK) == ["the heading", "Symptom", "Investigation", "Next update"]


@pytest.mark.parametrize("text", ["We post a status update soon.", "Looking at it.", "Impact: none so far"])
def test_what_is_no_update(text: str) -> None:
    assert update_of(text, PLAYBOOK) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Next update: 15:57 UTC, or sooner", 870.0),
        ("next update at 15:42", -30.0),
        ("Next update: 00:10 UTC", 30450.0),
        ("We will update in 10 minutes.", 600.0),
        ("I'll update in 1 h", 3600.0),
        ("Next update: soon", None),
        ("Next update: 25:99", None),
        ("It happened at 15:20.", None),
    ],
)
def test_promises(text: str, seconds: float | None) -> None:
    assert next_update_s(text, AT) == seconds


@pytest.mark.parametrize(
    ("stamp", "off"), [("15:42", 0.0), ("15:41", 30.0), ("15:43", 30.0), ("15:30", 690.0), ("25:00", float("inf"))]
)  # fmt: skip
def test_a_stamp_is_a_whole_minute(stamp: str, off: float) -> None:
    assert stamp_off_s(stamp, AT) == off


def test_a_stamp_of_the_day_before() -> None:
    assert stamp_off_s("23:59", datetime(2026, 4, 27, 0, 0, 10, tzinfo=UTC)) == 10.0


def test_the_impact_of_a_plain_message() -> None:
    assert impact_of("It is us, not you. Impact now: deploys fail.", PLAYBOOK) == "deploys fail."
    assert impact_of("The impact is large.", PLAYBOOK) == ""
