"""The desk passes each call to its instrument, under the name of who makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.errors import UsageError
from blackstart.people.desk import Desk
from blackstart.people.pager import Pager
from blackstart.people.shell import CommandResult
from blackstart.people.status_page import StatusPage
from blackstart.people.thread import Threads

if TYPE_CHECKING:
    from tests.people.conftest import Stage


class Echo:
    """A terminal that says what it was given."""

    def run(self, line: str, timeout_s: float) -> CommandResult:
        return CommandResult(0, f"{line} within {timeout_s:g} s", 0.0, "sme-1/c-1")


@pytest.fixture
def pager(stage: Stage) -> Pager:
    return Pager(["ic-1", "sme-1"], 300.0, stage, stage.emit)


@pytest.fixture
def desk(stage: Stage, pager: Pager) -> Desk:
    status_page = StatusPage(stage.emit, ["investigating"])
    return Desk(pager, Threads(stage.emit), status_page, {"sme-1": Echo()}, stage)


def test_everything_a_participant_does_is_on_record_under_their_name(
    stage: Stage, pager: Pager, desk: Desk
) -> None:
    page = pager.fire("vault", "logins fail")
    desk.acknowledge("ic-1", page)
    message = desk.post("ic-1", "incident", "on it")
    desk.post("ic-1", "incident", "and more", message)
    desk.pin("ic-1", message)
    desk.status("ic-1", "investigating", "we look")
    assert desk.help("ic-1", page) == "sme-1"
    assert [event.kind for event in stage.history.events if event.actor == "ic-1"] == [
        "page.acked",
        "thread.posted",
        "thread.posted",
        "thread.pinned",
        "status.posted",
        "page.escalated",
    ]


def test_commands_go_to_ones_own_terminal(desk: Desk) -> None:
    assert desk.run("sme-1", "bao status", 5.0).output == "bao status within 5 s"
    assert desk.run("sme-1", "bao status").output == "bao status within 120 s"


def test_who_has_no_terminal_is_told_who_has(desk: Desk) -> None:
    with pytest.raises(UsageError, match=r"^ic-1 has no terminal$") as raised:
        desk.run("ic-1", "bao status")
    assert raised.value.hint == "terminals belong to sme-1"


def test_the_board_is_everybodys(stage: Stage, desk: Desk) -> None:
    stage.turn("vault", red=True)
    assert desk.board().red() == {"vault": "503"}
