from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from blackstart import render

if TYPE_CHECKING:
    from tests.render.conftest import Drill

    from blackstart.review.model import Review


def shown(review: Review, width: int, *, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(
        width=width,
        file=out,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
        _environ={},
    )
    render.terminal(review, console)
    return out.getvalue()


def test_by_the_book(book: Drill) -> None:
    assert (
        shown(book.review, 80)
        == """\
Vault answers 503 on its auth endpoints
INC-2026-04-26-001. Drill: nothing of this was real production.
It took 1 h 15 min 5 s of drill time. The clock jumped from one instant to the
next whenever everybody only waited. 15 jumps, 1 h 15 min 4 s in all. No pauses.

PASSED
Every condition of the gate held.

  TTC  Time to communicate  2 min 8 s ± 1 s
  TTR  Time to restore      11 min 31 s ± 1 s
  TTA  Time to acknowledge  36 s

No findings failed, 6 passed.
"""
    )


def test_silent_on_a_narrow_terminal(mute: Drill) -> None:
    assert (
        shown(mute.review, 60)
        == """\
Vault answers 503 on its auth endpoints
INC-2026-04-26-001. Drill: nothing of this was real
production.
It took 1 h 42 min 19 s of drill time. The clock jumped from
one instant to the next whenever everybody only waited. 11
jumps, 1 h 40 min 17 s in all. No pauses.

FAILED
The drill ran, and its gate did not hold.
- TTX is 90 s

  TTC  Time to communicate  at least 1 h 41 min 18 s ± 1 s
       Censored: nobody wrote a word.
  TTR  Time to restore      11 min 18 s ± 1 s
  TTA  Time to acknowledge  36 s

4 findings failed, 1 unknown, 1 passed.
  x major P16-update-cadence
          Update cadence did not hold
          1 h 9 min in the dark
          scenarios/protocols/playbook.yaml:51
  x major P04-acknowledge-in-time
          Acknowledge in time did not hold
          12 min in the dark
          scenarios/protocols/playbook.yaml:12
  x major P09-roles-claimed
          Roles claimed did not hold
          scenarios/protocols/playbook.yaml:24
  x minor P05-acknowledgement-form
          Acknowledgement form did not hold
          scenarios/protocols/playbook.yaml:13
  ? P19-impact-true: Impact true held
"""
    )


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_console(mute: Drill, hostile: Drill, width: int) -> None:
    for drill in (mute, hostile):
        assert max(map(len, shown(drill.review, width).splitlines())) <= min(width, 100)


def test_a_pipe_gets_plain_text_and_a_terminal_colours(mute: Drill) -> None:
    assert "\x1b" not in shown(mute.review, 80)
    assert "\x1b[1;31mFAILED\x1b[0m" in shown(mute.review, 80, terminal=True)


def test_what_others_wrote_reaches_no_terminal_as_control(hostile: Drill) -> None:
    text = shown(hostile.review, 80)
    assert not {character for character in text if ord(character) < 32} - {"\n"}
    assert "\u202e" not in text


def test_many_failed_findings_are_counted_not_listed(mute: Drill) -> None:
    many = [replace(mute.review.findings[1], id=str(n), rule=f"P{n:02d}-x") for n in range(20)]
    assert "  and 8 more, in the report\n" in shown(replace(mute.review, findings=many), 80)


def test_one_reason_for_all_numbers_is_said_once(mute: Drill) -> None:
    void = [replace(one, status="void", reason="the drill is invalid") for one in mute.review.metrics]
    assert shown(replace(mute.review, metrics=void), 80).count("Void: the drill is invalid.") == 1
