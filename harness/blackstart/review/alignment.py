"""The runbook's steps beside what was run: done, skipped, out of order, failed, and missing from the runbook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from blackstart.review.model import StepLine

if TYPE_CHECKING:
    from blackstart.review.facts import Command, Facts
    from blackstart.review.moments import Moments
    from blackstart.runbook import Command as Written
    from blackstart.runbook import Step

State = Literal["done", "skipped", "out of order", "failed", "missing"]

__all__ = ["align", "mutates", "normal", "relevant", "written"]

READS = (
    re.compile(
        r"^(?:bao|vault)\s+(?:status|read|list|token lookup|kv get|kv list|policy read|policy list|audit list|auth list)\b"
    ),
    re.compile(
        r"^(?:bao|vault)\s+(?:operator\s+(?:members|raft list-peers|key-status)|version|secrets list|path-help)\b"
    ),
    re.compile(
        r"^(?:resolve|teams|cat|ls|grep|head|tail|less|ps|date|echo|env|history|pwd|which|id|whoami|uptime|df|free|dig|true)\b"
    ),
    re.compile(r"^curl\b(?!.*(?:\s-X\s*(?:POST|PUT|DELETE|PATCH)|--request\s|\s-d\b|--data))"),
)
"""Commands that only read, besides the ones that the runbook calls read-only (P22 judges by commands alone)."""


def normal(line: str, tools: dict[str, str]) -> str:
    """A command in one form: single spaces, no quotes, the replica's tool for the production one."""
    words = re.sub(r"[\"']", "", line).split()
    if words:
        words[0] = tools.get(words[0], words[0])
    return " ".join(words)


def _shape(line: str, tools: dict[str, str]) -> str:
    """A command without what varies between people: which key share, in whose home."""
    text = normal(line, tools)
    text = re.sub(r"\$\(\s*cat\s+(\S+?)\s*\)", r"\1", text)
    text = re.sub(r"(?:~|\$HOME|/\S*?/home/[\w-]+)/", "~/", text)
    return re.sub(r"(unseal-keys/)\d+", r"\1N", text)


def written(facts: Facts, command: Command) -> Written | None:
    """The runbook's command that this one is; None when no step has it."""
    tools = facts.inputs.platform.tools
    shape = _shape(command.line, tools)
    for step in facts.inputs.runbook.steps:
        for one in step.commands:
            if _shape(one.text, tools) == shape:
                return one
    return None


def mutates(facts: Facts, command: Command) -> bool:
    """Whether a command may change the platform: by the runbook where it has it, else by what it is."""
    found = written(facts, command)
    if found is not None:
        return found.mutating
    text = normal(command.line, facts.inputs.platform.tools)
    return not any(pattern.match(text) for pattern in READS)


def relevant(facts: Facts, command: Command) -> bool:
    """Whether a command is about the failed component or what it directly depends on (TTE)."""
    if written(facts, command) is not None:
        return True
    words = normal(command.line, facts.inputs.platform.tools)
    return any(name in words for name in _concerned(facts))


def _concerned(facts: Facts) -> set[str]:
    platform = facts.inputs.platform
    names: set[str] = set()
    for _, _, fault in facts.faults.values():
        node = platform.components.get(fault.target)
        near = [fault.target, *(node.needs if node else [])]
        names |= {
            *near,
            *(tool for tool, own in platform.tools.items() if tool in near for tool in (tool, own)),
        }
    return names


# --- the steps ----------------------------------------------------------------------------------


def align(facts: Facts, moments: Moments) -> list[StepLine]:
    """Every step of the runbook that has commands, in its order, and what helped without being in it."""
    steps = [step for step in facts.inputs.runbook.steps if step.commands]
    runs = _assigned(facts, steps)
    lines = [_step_line(facts, steps, index, runs) for index in range(len(steps))]
    return lines + list(_missing(facts, moments))


def _assigned(facts: Facts, steps: list[Step]) -> dict[int, list[Command]]:
    """Each recorded command by the index of the step that it was run for.

    A command that several steps have (is it sealed, before and after) belongs to the next of them from where the
    person was, else to the first that was not run yet.
    """
    tools = facts.inputs.platform.tools
    shapes = [{_shape(one.text, tools) for one in step.commands} for step in steps]
    runs: dict[int, list[Command]] = {}
    at = 0
    for command in facts.commands:
        shape = _shape(command.line, tools)
        fits = [index for index, own in enumerate(shapes) if shape in own]
        if command.actor not in facts.people or not fits:
            continue
        ahead = [index for index in fits if index >= at]
        new = [index for index in fits if index not in runs]
        at = (ahead or new or fits)[0]
        runs.setdefault(at, []).append(command)
    return runs


def _step_line(facts: Facts, steps: list[Step], index: int, runs: dict[int, list[Command]]) -> StepLine:
    step, run = steps[index], runs.get(index, [])
    state, reason = _state(facts, step, run)
    later = [runs[other][0].s for other in runs if other > index]
    if state == "done" and later and run[0].s > min(later):
        state, reason = "out of order", "it was run after a later step"
    events = sorted({event for command in run for event in _evidence(facts, command)})
    book = facts.inputs.runbook
    return StepLine(book.slug, step.id, step.title, state, book.path, step.line, events, reason)


def _state(facts: Facts, step: Step, run: list[Command]) -> tuple[State, str]:
    tools = facts.inputs.platform.tools
    if not run:
        return "skipped", "none of its commands was run"
    last = {_shape(command.line, tools): command for command in run}
    for one in step.commands:
        command = last.get(_shape(one.text, tools))
        if command is None:
            return "skipped", f"line {one.line} was not run: {one.text}"
        if command.exit_code is None:
            return "failed", f"it never ended: {one.text}"
        if command.exit_code not in one.exit_codes:
            return "failed", f"exit code {command.exit_code}: {one.text}"
    return "done", ""


def _evidence(facts: Facts, command: Command) -> Iterator[int]:
    """The command's own events, and the audit lines of the same person that it caused."""
    yield command.event
    if command.end_event is not None:
        yield command.end_event
    ends = command.end_s if command.end_s is not None else command.s
    for s, event, audit in facts.audits:
        if audit.who == command.actor and command.s <= s <= ends + 1.0:
            yield event


def _missing(facts: Facts, moments: Moments) -> Iterator[StepLine]:
    """Changes that worked during the outage and that no runbook has."""
    book = facts.inputs.runbook
    for command in facts.commands:
        if command.actor not in facts.people or command.exit_code != 0 or written(facts, command):
            continue
        if mutates(facts, command) and any(
            one.start_s <= command.s and (one.end_s is None or command.s <= one.end_s)
            for one in moments.outages
        ):
            yield StepLine(
                book.slug,
                "",
                command.line,
                "missing",
                book.path,
                1,
                list(_evidence(facts, command)),
                "no runbook has it",
            )
