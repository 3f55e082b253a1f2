"""A crew's own rules."""

from __future__ import annotations

from typing import Any

import pytest

from blackstart.crew import Crew

ACK = {"id": "ack", "who": "ic-1", "after": "page", "wait": "1m", "do": "acknowledge"}
POST = {"id": "say", "who": "ic-1", "after": "ack", "do": "post", "text": "{incident_id} acknowledged"}


def crew(**changes: Any) -> Crew:
    whole: dict[str, Any] = {
        "kind": "crew",
        "title": "t",
        "about": "a",
        "participants": [{"id": "ic-1", "roles": ["ic"], "on_call": 1}],
        "moves": [ACK, POST],
        "expect": [],
    }
    return Crew.model_validate(whole | changes)


def flaws(**changes: Any) -> list[tuple[Any, ...]]:
    return [(flaw.place, flaw.what, flaw.hint) for flaw in crew(**changes).flaws()]


def test_a_sound_crew_has_no_flaw() -> None:
    assert flaws() == []


def test_moves_are_of_somebody_and_after_something() -> None:
    assert flaws(moves=[ACK | {"who": "ic-2"}, POST | {"after": "akc"}]) == [
        (("moves", 0, "who"), 'no participant is called "ic-2"', "did you mean ic-1?"),
        (("moves", 1, "after"), '"akc" is no move and no signal', "did you mean ack?"),
    ]


def test_moves_do_not_wait_for_each_other() -> None:
    ((place, what, _),) = flaws(moves=[ACK | {"after": "say"}, POST])
    assert place[0] == "moves"
    assert what == "moves wait for each other"


def test_ids_are_unique() -> None:
    people = [{"id": "ic-1", "on_call": 1}, {"id": "ic-1"}]
    assert [(place, what) for place, what, _ in flaws(participants=people, moves=[ACK, ACK])] == [
        (("participants", 1, "id"), 'duplicate id "ic-1"'),
        (("moves", 1, "id"), 'duplicate id "ack"'),
    ]


@pytest.mark.parametrize(
    ("move", "needed"),
    [
        ({"do": "post"}, "text"),
        ({"do": "status"}, "phase"),
        ({"do": "runbook"}, "section"),
        ({"do": "command"}, "text"),
    ],
)
def test_a_move_has_what_it_does(move: dict[str, str], needed: str) -> None:
    ((place, what, hint),) = flaws(moves=[ACK | move])
    assert (place, what, hint) == (
        ("moves", 0),
        f'move "ack" does {move["do"]} and has no {needed}',
        f"add {needed}:",
    )


@pytest.mark.parametrize("more", [{"every": "15m"}, {"until": "restored"}])
def test_every_and_until_belong_together(more: dict[str, str]) -> None:
    assert flaws(moves=[ACK, POST | more]) == [
        (("moves", 1), 'move "say": every and until belong together', "")
    ]


def test_texts_have_only_known_placeholders() -> None:
    assert flaws(moves=[ACK, POST | {"text": "{incident_di}"}]) == [
        (("moves", 1, "text"), "nobody fills {incident_di}", "did you mean incident_id?")
    ]
    assert flaws(moves=[ACK, POST | {"do": "command", "text": "echo ${HOME}"}]) == []


def test_somebody_is_on_call() -> None:
    assert flaws(participants=[{"id": "ic-1"}]) == [
        (("participants",), "nobody is on call", "give one of them on_call: 1")
    ]


def test_a_section_is_one_that_runbooks_have() -> None:
    assert flaws(moves=[ACK | {"do": "runbook", "section": "diagnose"}]) == [
        (("moves", 0, "section"), 'no runbook has a section "diagnose"', "did you mean diagnosis?")
    ]


def test_a_message_goes_to_a_channel() -> None:
    assert flaws(moves=[ACK, POST | {"channel": "payments"}]) == [
        (("moves", 1, "channel"), "a message goes to incident, #channel or @person", "")
    ]
    assert flaws(moves=[ACK, POST | {"channel": "#payments"}]) == []
