"""The shipped protocol: its claims in plain words, read the way a drill reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackstart.claims import claimed_roles, claims_all_clear, claims_fixed
from blackstart.protocol import Protocol
from blackstart.source import load

PLAYBOOK = load(Protocol, Path(__file__).parents[1] / "scenarios/protocols/playbook.yaml").model


@pytest.mark.parametrize(
    ("role", "text"),
    [
        ("ic", "I'm IC"),
        ("ic", "I\u2019m the IC for this"),
        ("ic", "I am the incident commander."),
        ("ic", "IC here"),
        ("ic", "Acknowledged. I'm IC."),
        ("ic", "taking IC"),
        ("ic", "ack, and taking command"),
        ("ic", "I'll take IC"),
        ("ic", "I've got IC"),
        ("ic", "I'll be your incident commander"),
        ("sme", "I'm SME"),
        ("sme", "I am the Vault SME"),
        ("sme", "Vault SME here."),
        ("sme", "I'll take the SME role"),
        ("sme", "I'm the subject-matter expert"),
        ("comms", "taking comms"),
        ("comms", "I'm on comms"),
        ("comms", "I am comms lead"),
        ("comms", "I'll do comms"),
        ("comms", "Comms here"),
        ("comms", "I'm the communications lead"),
    ],
)
def test_a_role_is_claimed_in_plain_words(role: str, text: str) -> None:
    assert claimed_roles(text, PLAYBOOK) == [role]


@pytest.mark.parametrize(
    "text",
    [
        "who is IC?",
        "is the IC here?",
        "I'm not IC",
        "ic-1 is IC",
        "sme-2 is taking IC",
        "Is anyone taking IC?",
        "I'm icing the cake",
        "Ask the IC",
        "I am asking the SME",
        "can the SME confirm?",
        "I have a comms draft",
        "who is taking comms?",
        "Investigating failed logins.",
    ],
)
def test_what_claims_no_role(text: str) -> None:
    assert claimed_roles(text, PLAYBOOK) == []


@pytest.mark.parametrize(
    "text",
    [
        "Fixed.",
        "Vault is unsealed and logins work again",
        "Symptom: none; logins are restored",
        "[15:42 UTC] STATUS UPDATE — INC-2026-04-26-001\nSymptom: logins recovered at 15:40\nImpact: none",
        "We are back to green.",
        "Deploys are working again. Watching for 60 minutes before the all-clear.",
        "The incident is resolved.",
    ],
)
def test_what_says_that_it_is_fixed(text: str) -> None:
    assert claims_fixed(text, PLAYBOOK)
    assert not claims_all_clear(text, PLAYBOOK)


@pytest.mark.parametrize(
    "text",
    [
        "not fixed",
        "Next update 15:57 or once logins are restored",
        "Is it fixed?",
        "It will be fixed soon",
        "It isn't fixed",
        "until it is restored",
        "not recovered yet",
        "No login works again",
        "Identified: Vault is sealed. Unsealing it with two key shares.",
        "Impact: new deploys fail; running workloads are unaffected",
    ],
)
def test_what_does_not_say_that_it_is_fixed(text: str) -> None:
    assert not claims_fixed(text, PLAYBOOK)


@pytest.mark.parametrize(
    "text",
    [
        "All clear.",
        "[16:57 UTC] ALL CLEAR — INC-2026-04-26-001",
        "INC-2026-04-26-001: all clear. Thank you",
        "This is the all-clear.",
        "Calling the all-clear for INC-2026-04-26-001",
        "60 minutes without a red probe, all clear",
    ],
)
def test_what_gives_the_all_clear(text: str) -> None:
    assert claims_all_clear(text, PLAYBOOK)


@pytest.mark.parametrize(
    "text",
    [
        "watching for 60 minutes before the all-clear",
        "not all clear",
        "No all-clear until 16:57",
        "All-clear in 30 minutes",
        "is it all clear?",
        "The all-clear follows at 16:57",
        "we wait for the all-clear",
        "30 minutes to the all-clear",
        "The all-clear will come at 16:57",
    ],
)
def test_what_only_speaks_of_the_all_clear(text: str) -> None:
    assert not claims_all_clear(text, PLAYBOOK)
