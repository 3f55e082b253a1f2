"""A protocol's own rules, and its defaults."""

from __future__ import annotations

from typing import Any

import pytest

from blackstart.protocol import METRICS, Protocol

CLAIMS = {"ic": ["I'm IC"], "sme": ["I'm SME"], "comms": ["taking comms"]}


def flaws(**changes: Any) -> list[tuple[Any, ...]]:
    whole: dict[str, Any] = {"kind": "protocol", "title": "t", "roles": {"claims": CLAIMS}}
    found = Protocol.model_validate(whole | changes).flaws()
    return [(flaw.place, flaw.what, flaw.hint) for flaw in found]


def test_the_defaults_are_the_notes() -> None:
    rules = Protocol(kind="protocol", title="t")
    assert (rules.acknowledgement.within, rules.acknowledgement.pin_within) == (300.0, 60.0)  # P04, P06
    assert (rules.thread.single_ratio, rules.thread.redirect_within, rules.thread.second_from) == (
        0.9,
        120.0,
        3,
    )
    assert (rules.roles.within, rules.roles.trigger.longer_than, rules.roles.trigger.more_teams_than) == (
        300.0,
        1800.0,
        2,
    )
    assert (rules.updates.every, rules.updates.grace, rules.updates.longest_silence) == (900.0, 60.0, 900.0)
    assert (rules.updates.state_change_within, rules.updates.state_change_lasts) == (300.0, 120.0)
    assert (rules.diagnosis.evidence_within, rules.diagnosis.harm_within) == (600.0, 300.0)
    assert (rules.clean_window, rules.sustained) == (3600.0, 120.0)


def test_a_sound_protocol_has_no_flaw() -> None:
    assert flaws() == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"incident_id": "INC-("}, ("incident_id",)),
        ({"claims": {"fixed": ["ok", "*"]}}, ("claims", "fixed", 1)),
        ({"claims": {"all_clear": ["[a"]}}, ("claims", "all_clear", 0)),
        ({"roles": {"claims": CLAIMS | {"ic": ["(?P<a>"]}}}, ("roles", "claims", "ic", 0)),
        ({"incident_id": "a{99999999999999999999}"}, ("incident_id",)),
    ],
)
def test_patterns_must_compile(changes: dict[str, Any], place: tuple[Any, ...]) -> None:
    ((found, what, _),) = flaws(**changes)
    assert found == place
    assert what.startswith("not a regular expression: ")


def test_forms_have_only_known_placeholders() -> None:
    assert flaws(
        acknowledgement={"form": "{incident} {symptom}"}, updates={"form": "[{tme} UTC] {incident_id}"}
    ) == [
        (("acknowledgement", "form"), "nobody fills {incident}", "did you mean incident_id?"),
        (("updates", "form"), "nobody fills {tme}", "did you mean time?"),
    ]


def test_roles_must_exist_and_be_claimable() -> None:
    roles = {
        "always": ["boss"],
        "separate": [["ic", "smee"]],
        "claims": {"ic": ["a"], "sme": ["b"], "scribe": ["c"]},
    }
    assert [(place, what) for place, what, _ in flaws(roles=roles)] == [
        (("roles", "always", 0), 'no role is called "boss"'),
        (("roles", "separate", 0, 1), 'no role is called "smee"'),
        (("roles", "claims", "scribe"), 'no role is called "scribe"'),
        (("roles", "all", 2), 'nobody can claim the role "comms"'),
    ]


def test_the_headline_names_metrics_that_exist() -> None:
    assert flaws(headline=list(METRICS)) == []
    assert flaws(headline=["TTC", "MTTR"]) == [
        (("headline", 1), 'no metric is called "MTTR"', "did you mean TTR?")
    ]
