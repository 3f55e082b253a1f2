"""A scenario's own rules."""

from __future__ import annotations

from typing import Any

import pytest

from blackstart.scenario import Scenario

INJECT = {
    "id": "asks",
    "type": "question",
    "at": "6m",
    "from": "payments",
    "to": "#payments",
    "text": "What is up?",
}
PAGE = {
    "id": "page",
    "type": "page",
    "when": {"probe": "vault", "red_for": "1m"},
    "from": "a",
    "to": "on-call",
    "text": "x",
}
FAULT = {"id": "sealed", "fault": "vault.seal", "target": "vault", "turns_red": "vault"}


def scenario(**changes: Any) -> Scenario:
    whole = {
        "kind": "scenario",
        "title": "t",
        "story": "s",
        "brief": "b",
        "protocol": "playbook",
        "runbook": "vault-sealed",
        "blocks": [],
        "faults": [FAULT],
        "injects": [INJECT, PAGE],
    }
    return Scenario.model_validate(whole | changes)


def flaws(**changes: Any) -> list[tuple[Any, ...]]:
    return [(flaw.place, flaw.what, flaw.hint) for flaw in scenario(**changes).flaws()]


def test_a_sound_scenario_has_no_flaw() -> None:
    assert flaws() == []


def test_durations_are_seconds_and_defaults_hold() -> None:
    story = scenario(steady="90s")
    assert (story.steady, story.injects[0].at, story.limits.respond) == (90.0, 360.0, 5400.0)
    assert story.clean_window is None


def test_ids_are_unique() -> None:
    found = flaws(faults=[FAULT, FAULT], injects=[INJECT, INJECT], expects=[{"step": "a"}, {"step": "a"}])
    assert [(place, what) for place, what, _ in found] == [
        (("faults", 1, "id"), 'duplicate id "sealed"'),
        (("injects", 1, "id"), 'duplicate id "asks"'),
        (("expects", 1, "step"), 'duplicate step "a"'),
    ]


@pytest.mark.parametrize("more", [{"at": None}, {"when": {"silence": "15m"}}])
def test_exactly_one_of_at_and_when(more: dict[str, Any]) -> None:
    assert flaws(injects=[INJECT | more]) == [
        (("injects", 0), 'inject "asks" needs exactly one of at and when', "")
    ]


@pytest.mark.parametrize(
    ("when", "place", "what"),
    [
        ({}, ("injects", 0, "when"), "when needs exactly one of probe (with red_for) and silence"),
        (
            {"probe": "vault", "red_for": "1m", "silence": "1m"},
            ("injects", 0, "when"),
            "when needs exactly one of probe (with red_for) and silence",
        ),
        ({"probe": "vault"}, ("injects", 0, "when"), "probe and red_for belong together"),
        ({"red_for": "1m", "silence": "1m"}, ("injects", 0, "when"), "probe and red_for belong together"),
        ({"silence": "0s"}, ("injects", 0, "when", "silence"), "silence must last"),
    ],
)
def test_a_condition_is_one_thing(when: dict[str, str], place: tuple[Any, ...], what: str) -> None:
    assert [found[:2] for found in flaws(injects=[INJECT | {"at": None, "when": when}])] == [(place, what)]


def test_a_page_watches_a_probe_and_goes_to_whoever_is_on_call() -> None:
    assert flaws(injects=[PAGE | {"to": "incident"}]) == [
        (("injects", 0, "to"), "a page goes to on-call", "write to: on-call")
    ]
    assert [place for place, _, _ in flaws(injects=[PAGE | {"when": None, "at": "1m"}])] == [("injects", 0)]


def test_a_message_goes_to_a_channel() -> None:
    assert flaws(injects=[INJECT | {"to": "payments"}]) == [
        (("injects", 0, "to"), "a message goes to incident, #channel or @person", "did you mean #payments?")
    ]
    for to in ("incident", "#payments", "@ic-1"):
        assert flaws(injects=[INJECT | {"to": to}]) == []


def test_a_gate_names_metrics_that_exist() -> None:
    assert flaws(gate={"metrics": {"TTRR": "30m", "TTR": "30m", "silence": "15m"}}) == [
        (("gate", "metrics", "TTRR"), 'no metric is called "TTRR"', "did you mean TTR?")
    ]


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ({"at": "90m"}, 'fault "sealed" would never be injected: the response is over before'),
        ({"lasts": "0s"}, "a fault must last"),
        (
            {"lasts": "5m", "repeat": {"times": 2, "every": "5m", "lasting": "1m"}},
            'fault "sealed" has both repeat and lasts',
        ),
        ({"repeat": {"times": 2, "every": "5m", "lasting": "5m"}}, "each time must be over before the next"),
        (
            {"repeat": {"times": 2, "every": "5m", "lasting": "1m"}, "ramp": {"over": "5m"}},
            "a fault grows or repeats, not both",
        ),
    ],
)
def test_a_fault_whose_times_contradict_one_another(fault: dict[str, Any], what: str) -> None:
    assert [found[1] for found in flaws(faults=[FAULT | fault])] == [what]


def test_a_fault_ends_with_its_time_or_its_last_repeat() -> None:
    repeat = {"times": 3, "every": "10m", "lasting": "2m"}
    faults = [FAULT, FAULT | {"at": "1m", "lasts": "5m"}, FAULT | {"at": "1m", "repeat": repeat}]
    assert [fault.ends() for fault in scenario(faults=faults).faults] == [None, 360.0, 1380.0]


def test_limits_in_which_nothing_can_happen() -> None:
    assert [found[1] for found in flaws(limits={"respond": "0s"})] == ["people need time to respond"]
    found = flaws(clean_window="1h", limits={"observe": "59m"})
    assert [each[1] for each in found] == ["no clean window fits into the observation"]
