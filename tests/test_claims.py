"""What holds for every organisation's claims: questions, denials, plans and quotes claim nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.claims import RoleChange, claimed_roles, claims_all_clear, claims_fixed, role_changes
from blackstart.protocol import Claims, Protocol, Roles

PLAIN = Protocol(
    kind="protocol",
    title="plain patterns: all care is claims.py's",
    roles=Roles(
        claims={
            "ic": [r"\bI(?:'m| am)\b.*?\bIC\b", r"\bIC here\b"],
            "sme": [r"\bI(?:'m| am)\b.*?\bSME\b"],
            "comms": [r"\btaking comms\b"],
        }
    ),
    claims=Claims(fixed=[r"\bfixed\b", r"\bback\b"], all_clear=[r"\ball[- ]clear\b"]),
)


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("I'm IC", ["ic"]),
        ("i am ic.", ["ic"]),
        ("IC here, taking comms too", ["ic", "comms"]),
        ("No, I'm IC", ["ic"]),
        ("Who looks at DNS? I'm IC.", ["ic"]),
        ("I'm IC, ok?", ["ic"]),
        ("INC-1: I'm IC", ["ic"]),
        ("who is IC?", []),
        ("Am I IC?", []),
        ("I'm IC?", []),
        ("I'm not IC", []),
        ("I\u2019m not the IC", []),
        ("I don't think I'm IC", []),
        ("nobody says I'm IC", []),
        ("> I'm IC", []),
        ('you wrote "I\'m IC"', []),
        ("`I'm IC` is what to write", []),
        ("", []),
    ],
)
def test_roles(text: str, roles: list[str]) -> None:
    assert claimed_roles(text, PLAIN) == roles


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Fixed.", True),
        ("Believed fixed since 15:51: logins work", True),
        ("Vault is back, I watch it", True),
        ("Anything else? It is fixed.", True),
        ("It is fixed, nothing is red", True),
        ("is it fixed?", False),
        ("Is it back, or do we wait?", False),
        ("not fixed", False),
        ("It isn't fixed", False),
        ("nothing is fixed", False),
        ("should be fixed soon", False),
        ("once it is fixed", False),
        ("we'll have it fixed", False),
        ("until it is back", False),
        ("> fixed", False),
        ("hopefully fixed", False),
    ],
)
def test_fixed(text: str, said: bool) -> None:
    assert claims_fixed(text, PLAIN) is said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("All clear.", True),
        ("all-clear: INC-1 is over", True),
        ("15:42 all clear", True),
        ("not all clear yet", False),
        ("No all-clear before 16:42", False),
        ("we will give the all-clear at 17:00", False),
        ("all clear?", False),
        ("when is the all-clear", False),
        ("fixed", False),
    ],
)
def test_all_clear(text: str, said: bool) -> None:
    assert claims_all_clear(text, PLAIN) is said


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("I'm IC", [RoleChange("ic", "ic-1")]),
        ("ic: over to sme-2", [RoleChange("ic", "sme-2")]),
        ("IC is now over to @sme-2", [RoleChange("ic", "sme-2")]),
        ("handing IC over to sme-2.", [RoleChange("ic", "sme-2")]),
        ("I'm no longer comms", [RoleChange("comms", "")]),
        ("releasing IC", [RoleChange("ic", "")]),
        ("shall I hand IC to sme-2?", []),
        ("not handing IC to sme-2", []),
        ("pizza: over to sme-2", []),
        ("am I no longer IC?", []),
    ],
)
def test_hand_overs_and_releases(text: str, changes: list[RoleChange]) -> None:
    assert role_changes(text, "ic-1", PLAIN) == changes


WORDS = st.sampled_from(
    [
        "I'm",
        "IC",
        "not",
        "who",
        "fixed",
        "all clear",
        "is",
        "it",
        "vault",
        ",",
        ".",
        "?",
        "!",
        "\n",
        ":",
        "—",
        '"',
        ">",
    ]
)


@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_turning_a_message_into_one_question_takes_every_claim_away(text: str) -> None:
    asked = "".join(c for c in text if c not in '.?!\n—":;>`') + "?"
    assert not claims_fixed(asked, PLAIN)
    assert not claims_all_clear(asked, PLAIN)
    assert claimed_roles(asked.replace(",", ""), PLAIN) == []


@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_quoting_a_message_takes_every_claim_away(text: str) -> None:
    quoted = "\n".join(f"> {line}" for line in text.split("\n"))
    assert role_changes(quoted, "ic-1", PLAIN) == []
    assert not claims_fixed(quoted, PLAIN)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    role_changes(text, "ic-1", PLAIN)
    claims_fixed(text, PLAIN)
    claims_all_clear(text, PLAIN)
