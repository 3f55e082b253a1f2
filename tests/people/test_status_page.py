"""The status page's phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.errors import UsageError
from blackstart.events import StatusPosted
from blackstart.people.status_page import StatusPage

if TYPE_CHECKING:
    from tests.people.conftest import Stage

PHASES = ["investigating", "identified", "monitoring", "resolved"]


def test_entries_are_on_record_and_the_newest_gives_the_phase(stage: Stage) -> None:
    page = StatusPage(stage.emit, PHASES)
    assert page.phase == ""
    page.post("comms-1", "investigating", "we look")
    page.post("comms-1", "identified")
    assert page.phase == "identified"
    assert page.entries() == (("investigating", "we look"), ("identified", ""))
    bodies = [event.body for event in stage.of("status.posted")]
    assert [(b.phase, b.text.text) for b in bodies if isinstance(b, StatusPosted)] == list(page.entries())


def test_people_may_go_back_a_phase(stage: Stage) -> None:
    page = StatusPage(stage.emit, PHASES)
    for phase in ("monitoring", "investigating"):
        page.post("comms-1", phase)
    assert page.phase == "investigating"


def test_an_unknown_phase_is_refused_with_those_there_are(stage: Stage) -> None:
    page = StatusPage(stage.emit, PHASES)
    with pytest.raises(UsageError, match=r"^the status page has no phase 'fixed'$") as raised:
        page.post("comms-1", "fixed")
    assert raised.value.hint == "the protocol's phases are investigating, identified, monitoring, resolved"
    assert stage.history.events == []
