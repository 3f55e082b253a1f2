"""Who holds which role, as messages come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.people.roles import Roles
from blackstart.people.thread import Threads
from blackstart.protocol import Protocol
from blackstart.source import load

if TYPE_CHECKING:
    from tests.people.conftest import Stage

from pathlib import Path

PLAYBOOK = load(Protocol, Path(__file__).parents[2] / "scenarios/protocols/playbook.yaml").model


@pytest.fixture
def roles() -> Roles:
    return Roles(PLAYBOOK)


def test_claims_are_held_until_somebody_else_claims(roles: Roles) -> None:
    roles.on_message("ic-1", "I'm IC")
    roles.on_message("sme-1", "I'm the SME")
    assert roles.holders() == {"ic": "ic-1", "sme": "sme-1"}
    roles.on_message("sme-2", "I'm IC now")
    assert roles.holders() == {"ic": "ic-1", "sme": "sme-1"} | {"ic": "sme-2"}


def test_a_hand_over_names_the_next_holder(roles: Roles) -> None:
    roles.on_message("ic-1", "I'm IC")
    roles.on_message("ic-1", "ic: over to sme-2")
    assert roles.holders() == {"ic": "sme-2"}


def test_only_the_holder_gives_a_role_back(roles: Roles) -> None:
    roles.on_message("ic-1", "I'm IC")
    roles.on_message("sme-1", "I'm no longer IC")
    assert roles.holders() == {"ic": "ic-1"}
    roles.on_message("ic-1", "I'm no longer IC")
    assert roles.holders() == {}


def test_only_peoples_words_in_the_incident_thread_count(stage: Stage, roles: Roles) -> None:
    threads = Threads(stage.emit)
    stage.listeners.append(roles.on_event)
    threads.post("ic-1", "#payments", "I'm IC")
    threads.post_scripted("facilitator", "incident", "I'm IC")
    stage.run_until(1.0)
    assert roles.holders() == {}
    threads.post("ic-1", "incident", "I'm IC")
    stage.run_until(2.0)
    assert roles.holders() == {"ic": "ic-1"}
