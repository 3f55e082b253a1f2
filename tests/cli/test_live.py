"""What a watcher sees: plain lines in a pipe, a board on a terminal; neither ends a drill."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from blackstart.cli.live import Board, Lines, clock_text, line_of
from blackstart.events import (
    Body,
    ClockJumped,
    CommandFinished,
    CommandStarted,
    DrillOpened,
    FreeText,
    PageAcked,
    ProbeChanged,
    StageEntered,
    StatusPosted,
    ThreadPosted,
)
from blackstart.protocol import Protocol, Roles
from blackstart.testing import History

if TYPE_CHECKING:
    from blackstart.events import Event

PROTOCOL = Protocol(kind="protocol", title="test", roles=Roles(claims={"ic": ["I'm IC"]}))
OPENED = DrillOpened("INC-2026-04-26-001", 1, "0", "s", "c", 1, "local", "jump", 1.0, "", 1.0, [], [])


def event(body: Body, *, at: float = 60.0, actor: str = "harness") -> Event:
    return History().add(body, at=at, actor=actor)


@pytest.mark.parametrize(("drill_s", "text"), [(0.0, "0:00:00"), (59.999, "0:00:59"), (4551.2, "1:15:51")])
def test_the_clock_as_text(drill_s: float, text: str) -> None:
    assert clock_text(drill_s) == text


@pytest.mark.parametrize(
    ("body", "actor", "line"),
    [
        (StageEntered("respond"), "harness", "stage respond"),
        (ProbeChanged("vault", "red", "503", 0.0), "vault", "probe vault is red: 503"),
        (
            ThreadPosted("m-1", "incident", FreeText.of("I'm IC.\nGo on.")),
            "ic-1",
            "ic-1 in incident: I'm IC. / Go on.",
        ),
        (CommandStarted("c", "sh", FreeText.of("bao status")), "sme-1", "sme-1 $ bao status"),
        (CommandFinished("c", "sh", 2, 0.1, FreeText.of("")), "sme-1", "sme-1   exit code 2"),
        (CommandFinished("c", "sh", 0, 0.1, FreeText.of("")), "sme-1", ""),
        (PageAcked("p-1", "ic-1"), "ic-1", "page acknowledged by ic-1"),
        (ClockJumped(0.0, 60.0), "harness", ""),
    ],
)
def test_an_event_in_a_line(body: Body, actor: str, line: str) -> None:
    assert line_of(event(body, actor=actor)) == line


def test_lines_leave_out_the_first_green(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines.on_event(event(ProbeChanged("vault", "green", "", 0.0)))
    lines.on_event(event(ProbeChanged("vault", "red", "503", 0.0)))
    lines.on_event(event(ProbeChanged("vault", "green", "", 0.0)))
    assert capsys.readouterr().out == "0:01:00  probe vault is red: 503\n0:01:00  probe vault is green\n"


def board_of(*events: Event, width: int = 72) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    board = Board(console, PROTOCOL)
    for one in events:
        board.on_event(one)
    console.print(board._draw())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_board_shows_clock_probes_roles_thread_and_terminal() -> None:
    text = board_of(
        event(OPENED, at=0.0),
        event(StageEntered("respond")),
        event(ClockJumped(0.0, 60.0)),
        event(ProbeChanged("vault", "red", "503", 0.0)),
        event(ThreadPosted("m-1", "incident", FreeText.of("I'm IC.")), actor="ic-1"),
        event(CommandStarted("c", "sh", FreeText.of("bao status")), actor="sme-1"),
        event(StatusPosted("investigating", FreeText.of(""))),
        event(PageAcked("p-1", "ic-1"), at=61.0),
    )
    assert text.splitlines()[0].strip("─ ") == "INC-2026-04-26-001   0:01:01   respond   1 jump"
    assert [line.rstrip() for line in text.splitlines()[1:5]] == [
        "x vault (503)",
        "roles       ic: ic-1",
        "pager       acknowledged by ic-1",
        "status page investigating",
    ]
    assert "0:01:00 ic-1: I'm IC." in text
    assert "0:01:00 sme-1 $ bao status" in text


@pytest.mark.parametrize("width", [20, 40, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = board_of(
        event(OPENED, at=0.0),
        event(ThreadPosted("m-1", "incident", FreeText.of("word " * 100)), actor="ic-1"),
        width=width,
    )
    assert max(len(line) for line in text.splitlines()) <= width
