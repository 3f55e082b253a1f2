"""What a message says of who is hit and who is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.platform import Platform
from blackstart.review.impact import Reader
from blackstart.source import load

PLATFORM = load(Platform, Path(__file__).parents[2] / "scenarios" / "platform.yaml").model
READER = Reader(PLATFORM, PLATFORM.probes())
TEAMS = ("payments-serving", "orders-serving", "search-serving")
CAPABILITIES = ("ship", "authenticate")
SEALED = {**dict.fromkeys(CAPABILITIES, False), **dict.fromkeys(TEAMS, True)}


@pytest.mark.parametrize(
    "text",
    [
        "ship and authenticate fail: new deploys and logins do not work. payments, orders and search keep serving.",
        "new deploys and machine logins fail for every team; running workloads are unaffected",
        "New pods cannot start and **logins are broken**, existing pods are fine.",
        "No team can deploy, authentication answers 503. What already runs is not affected.",
        "deploys and logins are blocked; customers notice nothing: everything else works",
        "deploys: failing, logins: failing; running services: unaffected",
        "None of the running services are affected; deploys and logins fail.",
        "None of the teams can deploy. Logins fail. Existing workloads are fine.",
    ],
)
def test_the_playbooks_impact_in_many_words(text: str) -> None:
    assert READER.claims(text) == SEALED


@pytest.mark.parametrize(
    "text",
    [
        "none: all probes are green",
        "None.",
        "no impact",
        "everything works again",
        "all systems are back to normal",
        "nothing is affected",
    ],
)
def test_no_impact_speaks_of_everything(text: str) -> None:
    assert READER.claims(text) == dict.fromkeys((*CAPABILITIES, *TEAMS), True)


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("payments cannot deploy", {"ship": False}),
        ("deploys for payments fail", {"ship": False}),
        ("orders can deploy again", {"ship": True}),
        ("checkout is down, search is up", {"payments-serving": False, "search-serving": True}),
        ("unaffected: orders and search", {"orders-serving": True, "search-serving": True}),
        ("no impact on orders", {"orders-serving": True}),
        ("payments does not serve", {"payments-serving": False}),
        ("orders isn't affected", {"orders-serving": True}),
        ("nothing works", dict.fromkeys((*CAPABILITIES, *TEAMS), False)),
        ("we are working on deploys", {}),
        ("big trouble", {}),
        ("", {}),
    ],
)
def test_sentences(text: str, claims: dict[str, bool]) -> None:
    assert READER.claims(text) == claims


def test_the_last_word_on_a_probe_stands() -> None:
    assert READER.claims("Deploys fail. Correction: deploys work.") == {"ship": True}


def test_what_has_no_probe_in_the_record_is_not_claimed() -> None:
    assert Reader(PLATFORM, ["ship"]).claims("deploys and logins fail") == {"ship": False}
