"""Simulated participants as data: reads `scenarios/crews/<name>.yaml`. `people.crew` plays them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from blackstart.source import Duration, Model

__all__ = ["Crew", "Move", "Participant"]


class Participant(Model):
    """One person of the crew by pseudonym. `on_call` 1 is paged first, 2 when the first does not answer."""

    id: str
    roles: list[str] = Field(default_factory=list)
    on_call: int | None = None


class Move(Model):
    """One thing that one participant does.

    `after` is what sets it off: "page", "question", "restored", or another move's id; `wait` is how long after.
    With `every` it is repeated until the event or move named by `until` has happened.
    """

    id: str
    who: str
    after: str
    wait: Duration = 0.0
    do: Literal["acknowledge", "post", "pin", "status", "runbook", "command"]
    text: str = ""
    channel: str = "incident"
    phase: str = ""
    section: str = ""
    pin: bool = False
    every: Duration | None = None
    until: str = ""


class Crew(Model):
    """A crew. `jitter`: the seed moves each wait by up to this, earlier or later. `expect`: the rule ids that fail."""

    kind: Literal["crew"]
    title: str
    about: str
    participants: list[Participant]
    jitter: Duration = 0.0
    moves: list[Move]
    expect: list[str]
