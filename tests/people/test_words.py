"""What fills the gaps of a crew's texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.people import words
from blackstart.platform import Platform
from blackstart.runbook import parse
from blackstart.source import load
from blackstart.testing import START

if TYPE_CHECKING:
    from tests.people.conftest import Stage

SCENARIOS = Path(__file__).parents[2] / "scenarios"
PLATFORM = load(Platform, SCENARIOS / "platform.yaml").model


def impact(stage: Stage, *red: str) -> str:
    for probe in red:
        stage.turn(probe, red=True)
    return words.impact(stage, PLATFORM)


def test_a_sealed_vault_in_the_playbooks_words(stage: Stage) -> None:
    assert impact(stage, "vault", "ship", "authenticate") == (
        "ship and authenticate fail: new deploys and logins do not work. "
        "payments, orders and search keep serving."
    )


@pytest.mark.parametrize(
    ("red", "text"),
    [
        ([], "none: all probes are green"),
        (
            ["ship"],
            "ship fails: new deploys do not work. authenticate works. payments, orders and search keep serving.",
        ),
        (
            ["orders-serving"],
            "ship and authenticate work. orders does not serve. payments and search keep serving.",
        ),
        (
            ["orders-serving", "search-serving", "payments-serving"],
            "ship and authenticate work. payments, orders and search do not serve.",
        ),
        (
            ["dns"],
            "dns is down. ship and authenticate work. payments, orders and search keep serving.",
        ),
        (
            ["dns", "registry"],
            "dns and registry are down. ship and authenticate work. payments, orders and search keep serving.",
        ),
    ],
)
def test_other_troubles(stage: Stage, red: list[str], text: str) -> None:
    assert impact(stage, *red) == text


def test_the_suspect_is_the_red_component(stage: Stage) -> None:
    assert words.suspect(stage) == "nothing that is red now"
    for probe in ("vault", "ship", "dns"):
        stage.turn(probe, red=True)
    assert words.suspect(stage) == "vault and dns"


def test_times_are_cut_to_the_minute(stage: Stage) -> None:
    assert words.hour(START, 0.0) == "15:30"
    assert words.hour(START, 59.999) == "15:30"
    assert words.next_hour(START, 719.9, 900.0) == "15:56"


@given(st.floats(0, 86400), st.sampled_from([600.0, 900.0, 1800.0]))
def test_a_promise_is_exactly_a_cadence_after_the_stamp(drill_s: float, cadence_s: float) -> None:
    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    stamp = words.hour(START, drill_s)
    promised = words.next_hour(START, drill_s, cadence_s)
    assert (minutes(promised) - minutes(stamp)) % 1440 == cadence_s / 60


@pytest.mark.parametrize("page", ["[DRILL] logins fail (503).", "logins fail (503)"])
def test_a_symptom_fits_into_a_sentence(page: str) -> None:
    assert words.symptom_of(page) == "logins fail (503)"


def test_progress_says_what_is_done_what_failed_and_what_is_next() -> None:
    path = SCENARIOS / "runbooks" / "vault-sealed.md"
    runbook = parse(path.read_text(), str(path))
    progress = words.Progress(runbook)
    assert progress.text() == "begins now, next is check-seal"
    first, second, *rest = (step for step in runbook.steps if step.commands)
    progress.done(first)
    progress.done(first)
    progress.failed(second, 3)
    assert progress.text() == (
        f"{first.id} of the runbook vault-sealed done, {second.id} ended with exit code 3, next is {second.id}"
    )
    for step in (second, *rest):
        progress.done(step)
    assert progress.text() == "every step of the runbook vault-sealed done"
