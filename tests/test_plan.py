"""A plan's own rules."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from blackstart.plan import Plan


def plan(**changes: Any) -> Plan:
    whole: dict[str, Any] = {"kind": "plan", "title": "t", "drills": [{"scenario": "vault/auth-503"}]}
    return Plan.model_validate(whole | changes)


def flaws(**changes: Any) -> list[tuple[Any, ...]]:
    return [(flaw.place, flaw.what) for flaw in plan(**changes).flaws()]


def test_a_sound_plan_has_no_flaw() -> None:
    assert flaws() == []
    assert flaws(clock="paced", pace=6) == []


def test_defaults() -> None:
    assert (plan().clock, plan().pace, plan().drills[0].crew, plan().drills[0].seed) == (
        "jump",
        1.0,
        "by-the-book",
        1,
    )


def test_a_pace_needs_the_paced_clock() -> None:
    assert flaws(pace=6) == [(("pace",), "pace needs clock: paced")]


def test_a_plan_of_nothing() -> None:
    assert flaws(drills=[]) == [(("drills",), "the plan has no drill")]


def test_how_long_a_platform_of_ones_own_may_take() -> None:
    assert plan().docker.up_within is None
    assert plan(docker={"up_within": "5m"}).docker.up_within == 300
    assert flaws(docker={"up_within": "5m"}) == []
    assert flaws(docker={"up_within": 0}) == [
        (("docker", "up_within"), "no platform is up in less than a second")
    ]


@pytest.mark.parametrize("pace", [0, -1])
def test_a_pace_is_positive(pace: int) -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        plan(clock="paced", pace=pace)
