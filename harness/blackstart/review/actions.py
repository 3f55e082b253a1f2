"""What people did to the platform: commands from the recorded shells, and requests from the components' own logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.review.commands import Effect, Words, effect_of, parts_of, touched

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.inputs import Inputs
    from blackstart.review.timeline import AuditLine, Ran, Timeline
    from blackstart.runbook import Command, Runbook

__all__ = ["Action", "actions_of", "known_commands"]

_AUDIT_READS = frozenset({"read", "list", "help", "header"})
_ASKING_PATHS = ("auth/", "sys/capabilities", "sys/wrapping/lookup", "sys/internal/")
"""Requests that ask, though the protocol has them as writes: a login, what a token may do."""


@dataclass(frozen=True, slots=True)
class Action:
    """One command or request. `ok` is whether it went as it should, None when that is not on record."""

    event: Event
    at_s: float
    who: str
    text: str
    effect: Effect
    touches: frozenset[str]
    ok: bool | None
    ran: Ran | None = None


def known_commands(runbook: Runbook, tools: dict[str, str]) -> dict[Words, list[Command]]:
    """The runbook's commands by their one spelling."""
    known: dict[Words, list[Command]] = {}
    for step in runbook.steps:
        for command in step.commands:
            for words in parts_of(command.text, tools):
                known.setdefault(words, []).append(command)
    return known


def actions_of(line: Timeline, inputs: Inputs, after_seq: int) -> list[Action]:
    """Every action between that event and the drill's end, in order of time."""
    known = known_commands(inputs.runbook, inputs.platform.tools)
    found = [
        _of_command(ran, line, inputs, known)
        for ran in line.ran
        if after_seq < ran.started.seq < line.until_seq
    ]
    found += [
        _of_audit(seen)
        for seen in line.audit
        if after_seq < seen.event.seq < line.until_seq and not _by_command(seen, line.ran)
    ]
    return sorted(found, key=lambda action: (action.at_s, action.event.seq))


def _of_command(ran: Ran, line: Timeline, inputs: Inputs, known: dict[Words, list[Command]]) -> Action:
    parts = parts_of(ran.line, inputs.platform.tools)
    effects = {_effect(words, known) for words in parts} or {"unknown"}
    effect: Effect = next((one for one in ("mutating", "unknown") if one in effects), "read-only")
    touches = frozenset[str]().union(*(touched(words, inputs.platform, line.endpoints) for words in parts))
    codes = {0}.union(*(command.exit_codes for words in parts for command in known.get(words, ())))
    ok = None if ran.exit_code is None else ran.exit_code in codes
    return Action(ran.started, ran.at_s, ran.who, ran.line, effect, touches, ok, ran)


def _effect(words: Words, known: dict[Words, list[Command]]) -> Effect:
    if words in known:
        return "mutating" if any(command.mutating for command in known[words]) else "read-only"
    return effect_of(words)


def _by_command(seen: AuditLine, ran: list[Ran]) -> bool:
    """Whether a recorded command of the same person was running: then the request is that command's."""
    return any(
        one.who == seen.body.who and one.at_s <= seen.at_s and (one.end_s is None or seen.at_s <= one.end_s)
        for one in ran
    )


def _of_audit(seen: AuditLine) -> Action:
    """A request that no recorded command made: somebody used another way in."""
    body = seen.body
    reads = body.operation in _AUDIT_READS or body.path.startswith(_ASKING_PATHS)
    text = f"{body.operation} {body.path}"
    effect: Effect = "read-only" if reads else "mutating"
    return Action(seen.event, seen.at_s, body.who, text, effect, frozenset({body.component}), not body.error)
