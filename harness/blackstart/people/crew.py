"""Plays a crew: simulated participants, deterministic from a seed, who act through the same desk as people.

Moves are chained from scripted instants, never from when something happened to end, so the same seed gives exactly
the same instants on any machine. What people merely see (every probe green again) they see when they next look:
every 15 s, counted from the last command that they began.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from blackstart.events import Event, InjectDelivered, PageDelivered, PageFired, ProbeChanged, ThreadPosted
from blackstart.people import words

if TYPE_CHECKING:
    from datetime import datetime

    from blackstart.crew import Crew, Move
    from blackstart.people.base import Schedule
    from blackstart.people.desk import Desk
    from blackstart.platform import Platform
    from blackstart.protocol import Protocol
    from blackstart.runbook import Runbook, Step

__all__ = ["LOOK_S", "CrewPlayer", "jitter"]

LOOK_S = 15.0
"""Drill seconds between two looks at the board."""


def jitter(seed: int, move: str, turn: int, most_s: float) -> int:
    """Whole seconds by which the seed moves one turn of one move, at most `most_s` earlier or later."""
    most = int(most_s)
    digest = hashlib.sha256(f"{seed}/{move}/{turn}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % (2 * most + 1) - most


@dataclass(frozen=True, slots=True)
class _Cause:
    """What set a move off: the scripted instant, the page or question it is about, and in which trouble.

    `trouble` counts how often things broke anew; a move that was set off before the last time is dropped.
    A question is answered whatever happened since: its `trouble` is None.
    """

    drill_s: float
    trouble: int | None
    page: str = ""
    question: str = ""
    channel: str = ""
    again: bool = False


class CrewPlayer:
    """A listener of the conductor. Its participants touch the drill through the desk alone.

    `start` is the drill's start in UTC. Errors: UsageError from the desk when a crew's file asks for what cannot be.
    """

    def __init__(
        self,
        crew: Crew,
        desk: Desk,
        schedule: Schedule,
        *,
        runbook: Runbook,
        protocol: Protocol,
        platform: Platform,
        incident_id: str,
        start: datetime,
        seed: int,
    ) -> None:
        self._crew = crew
        self._desk = desk
        self._schedule = schedule
        self._runbook = runbook
        self._protocol = protocol
        self._platform = platform
        self._incident_id = incident_id
        self._start = start
        self._seed = seed
        self._progress = words.Progress(runbook)
        self._symptom = ""
        self._red: set[str] = set()
        self._broken = False
        self._restored = False
        self._trouble = 0
        self._acted_s = 0.0
        self._begun: set[str] = set()
        self._turns: Counter[str] = Counter()
        self._happened: dict[str, float] = {}
        self._channels: dict[str, str] = {}
        self._last_message: dict[str, str] = {}
        self._last_page: dict[str, str] = {}

    # --- what they notice -----------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Take in what a participant would notice: pages, questions, and the board."""
        match event.body:
            case PageFired(symptom=symptom):
                self._symptom = words.symptom_of(symptom.shown)
            case PageDelivered(page=page, to=to):
                self._last_page[to] = page
                self._set_off("page", _Cause(round(event.drill_s), self._trouble, page=page), who=to)
            case ThreadPosted(message=message, channel=channel, bot=True):
                self._channels[message] = channel
            case InjectDelivered(type="question", message=message):
                self._on_question(message, event.drill_s)
            case ProbeChanged(probe=probe, state=state):
                self._on_probe(probe, state == "green", event.drill_s)
            case _:
                pass

    def _on_question(self, message: str, drill_s: float) -> None:
        cause = _Cause(round(drill_s), None, question=message, channel=self._channels[message])
        self._set_off("question", cause)

    def _on_probe(self, probe: str, green: bool, drill_s: float) -> None:
        if green:
            self._red.discard(probe)
        else:
            self._red.add(probe)
            self._note_broken()
        if self._broken and not self._red:
            looks = math.floor((drill_s - self._acted_s) / LOOK_S) + 1
            look_s = self._acted_s + looks * LOOK_S
            self._schedule.at(look_s, "look at the board", self._look(look_s))

    def _note_broken(self) -> None:
        """Broken, perhaps again: then what was planned for afterwards is off, and everything may begin anew."""
        self._broken = True
        if self._restored:
            self._restored = False
            self._trouble += 1
            self._begun.clear()

    def _look(self, look_s: float) -> Callable[[], None]:
        def look() -> None:
            if self._broken and self._last_page and not self._desk.board().red():
                self._broken = False
                self._restored = True
                self._set_off("restored", _Cause(look_s, self._trouble))

        return look

    # --- what they plan -------------------------------------------------------------------------

    def _set_off(self, name: str, cause: _Cause, who: str = "") -> None:
        """Plan every move that waits for this signal or move; a page sets off only the moves of who has it."""
        self._happened[name] = cause.drill_s
        for move in self._crew.moves:
            if move.after == name and who in ("", move.who) and self._may_begin(move):
                self._begun.add(move.id)
                self._plan(move, cause, move.wait)

    def _may_begin(self, move: Move) -> bool:
        """A second page about the same trouble is acknowledged, and the rest is under way already."""
        return move.after != "page" or move.do == "acknowledge" or move.id not in self._begun

    def _plan(self, move: Move, cause: _Cause, wait_s: float) -> None:
        turn = self._turns[move.id]
        self._turns[move.id] += 1
        drill_s = cause.drill_s + wait_s + jitter(self._seed, move.id, turn, min(self._crew.jitter, wait_s))
        self._schedule.at(drill_s, move.id, lambda: self._play(move, cause, drill_s))

    def _play(self, move: Move, cause: _Cause, drill_s: float) -> None:
        """One move at its scripted instant; then plan what follows from it, once however often it is repeated."""
        if cause.trouble not in (None, self._trouble) or self._is_over(move, cause):
            return
        self._do(move, cause, drill_s)
        here = replace(cause, drill_s=drill_s)
        if not cause.again:
            self._set_off(move.id, here)
        if move.every is not None:
            self._plan(move, replace(here, again=True), move.every)

    def _is_over(self, move: Move, cause: _Cause) -> bool:
        """Whether what a repeated move goes on until has happened since it was set off."""
        return bool(move.until) and self._happened.get(move.until, -1.0) >= cause.drill_s

    # --- what they do ---------------------------------------------------------------------------

    def _do(self, move: Move, cause: _Cause, drill_s: float) -> None:
        match move.do:
            case "acknowledge":
                self._acknowledge(move.who, cause)
            case "post":
                self._post(move, cause)
            case "pin":
                self._pin(move.who)
            case "status":
                self._desk.status(move.who, move.phase, self._filled(move.text))
            case "runbook":
                self._acted_s = drill_s
                self._follow(move.who, move.section)
            case "command":
                self._acted_s = drill_s
                self._desk.run(move.who, move.text)

    def _acknowledge(self, who: str, cause: _Cause) -> None:
        page = cause.page or self._last_page.get(who, "")
        if page:
            self._desk.acknowledge(who, page)

    def _post(self, move: Move, cause: _Cause) -> None:
        """A message; after a question it goes where the question stands."""
        channel = cause.channel or move.channel
        message = self._desk.post(move.who, channel, self._filled(move.text), cause.question)
        self._last_message[move.who] = message
        if move.pin:
            self._desk.pin(move.who, message)

    def _pin(self, who: str) -> None:
        """Pin the last message of one's own, if there is any."""
        if who in self._last_message:
            self._desk.pin(who, self._last_message[who])

    def _follow(self, who: str, section: str) -> None:
        """The runbook's section, step by step, up to a command that goes otherwise than the runbook says."""
        for step in self._runbook.section(section):
            if step.commands and not self._follow_step(who, step):
                return

    def _follow_step(self, who: str, step: Step) -> bool:
        for command in step.commands:
            result = self._desk.run(who, command.text)
            if result.exit_code not in command.exit_codes:
                self._progress.failed(step, result.exit_code)
                return False
        self._progress.done(step)
        return True

    def _filled(self, text: str) -> str:
        now_s = self._schedule.now()
        updates = self._protocol.updates
        cadence_s = updates.observing_every if self._restored else updates.every
        values = {
            "incident_id": self._incident_id,
            "time": words.hour(self._start, now_s),
            "next_update": words.next_hour(self._start, now_s, cadence_s),
            "symptom": self._symptom,
            "impact": words.impact(self._desk.board(), self._platform),
            "suspect": words.suspect(self._desk.board()),
            "investigation": self._progress.text(),
            "link": words.link(self._protocol.thread.name, self._incident_id),
        }
        return words.filled(text, values)
