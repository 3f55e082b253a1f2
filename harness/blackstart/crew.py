"""Simulated participants as data: reads `scenarios/crews/<name>.yaml`. `people.crew` plays them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from blackstart.runbook import SECTIONS
from blackstart.source import Duration, Flaw, Model, cycles, did_you_mean, duplicates, placeholder_flaws

__all__ = ["PLACEHOLDERS", "SIGNALS", "Crew", "Move", "Participant"]

SIGNALS = frozenset({"page", "question", "restored"})
"""What sets a move off beside another move."""

PLACEHOLDERS = frozenset(
    {"impact", "incident_id", "investigation", "link", "next_update", "suspect", "symptom", "time"}
)
"""What a move's text may have in braces. `impact`, `suspect` and `investigation` are true when it is posted."""


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

    def flaws(self) -> Iterator[Flaw]:
        """Moves of nobody, moves after nothing, moves in a circle, texts with gaps that nobody fills."""
        yield from duplicates("participants", (person.id for person in self.participants))
        yield from duplicates("moves", (move.id for move in self.moves))
        people = {person.id for person in self.participants}
        moves = {move.id for move in self.moves}
        for index, move in enumerate(self.moves):
            for flaw in _move_flaws(move, people, moves):
                yield Flaw(("moves", index, *flaw.place), flaw.what, flaw.seen, flaw.hint)
        for cycle in cycles({move.id: [move.after] for move in self.moves}):
            index = next(index for index, move in enumerate(self.moves) if move.id == cycle[0])
            yield Flaw(("moves", index, "after"), "moves wait for each other", f"saw {' → '.join(cycle)}")
        if not any(person.on_call == 1 for person in self.participants):
            yield Flaw(("participants",), "nobody is on call", "", "give one of them on_call: 1")


_NEEDS = {"post": "text", "status": "phase", "runbook": "section", "command": "text"}


def _move_flaws(move: Move, people: set[str], moves: set[str]) -> Iterator[Flaw]:
    if move.who not in people:
        yield Flaw(("who",), f'no participant is called "{move.who}"', "", did_you_mean(move.who, people))
    for key, word in (("after", move.after), ("until", move.until)):
        if word and word not in moves | SIGNALS:
            hint = did_you_mean(word, moves | SIGNALS)
            yield Flaw((key,), f'"{word}" is no move and no signal', "", hint)
    needed = _NEEDS.get(move.do)
    if needed and not getattr(move, needed):
        yield Flaw((), f'move "{move.id}" does {move.do} and has no {needed}', "", f"add {needed}:")
    if move.section and move.section not in SECTIONS:
        hint = did_you_mean(move.section, SECTIONS)
        yield Flaw(("section",), f'no runbook has a section "{move.section}"', "", hint)
    if move.channel != "incident" and move.channel[:1] not in ("#", "@"):
        seen = f'saw "{move.channel}"'
        yield Flaw(("channel",), "a message goes to incident, #channel or @person", seen)
    if (move.every is None) != (not move.until):
        yield Flaw((), f'move "{move.id}": every and until belong together')
    if move.do in ("post", "status"):
        yield from placeholder_flaws(("text",), move.text, PLACEHOLDERS)
