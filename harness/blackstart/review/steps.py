"""The runbook's steps as the review shows them, and the commands that helped and that no step has."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from blackstart.review.model import StepLine

if TYPE_CHECKING:
    from blackstart.review.facts import Facts
    from blackstart.review.timeline import Ran

__all__ = ["missing_of", "steps_of"]


def steps_of(facts: Facts) -> list[StepLine]:
    """Every step that has commands, in the runbook's order, then what is missing from it. Nothing in an invalid drill."""
    if facts.invalid or facts.effect is None:
        return []
    book = facts.inputs.runbook
    lines = [
        StepLine(
            book.slug,
            aligned.step.id,
            aligned.step.title,
            aligned.state,
            book.path,
            aligned.step.line,
            aligned.commands,
            aligned.reason,
            aligned.audit,
        )
        for aligned in facts.alignment.steps
    ]
    fix = next((step.line for step in book.steps if step.section == "fix"), 1)
    lines += [
        StepLine(
            book.slug,
            "",
            ran.line,
            "missing",
            book.path,
            fix,
            [ran.started.seq],
            "it helped, and no step has it",
        )
        for ran in missing_of(facts)
    ]
    return lines


def missing_of(facts: Facts) -> list[Ran]:
    """Commands that changed something, went well, stand in no step, and after which something turned green with no other
    change in between.
    """
    strays = {ran.id for ran in facts.alignment.strays}
    changes = [action for action in facts.actions if action.effect == "mutating" and action.ran]
    found: list[Ran] = []
    nexts = [action.at_s for action in changes[1:]] + [facts.end_s]
    for action, next_s in zip(changes, nexts, strict=False):
        until_s = min(next_s, action.at_s + facts.inputs.protocol.diagnosis.harm_within)
        if action.ran and action.ran.id in strays and action.ok and _greened(facts, action.at_s, until_s):
            found.append(action.ran)
    return found


def _greened(facts: Facts, start_s: float, until_s: float) -> bool:
    """Whether a probe that was red turned green in between."""
    for probe in facts.counted:
        spans = facts.health.spans(probe)
        for before, now in pairwise(spans):
            if (before.state, now.state) == ("red", "green") and start_s < now.start.at_s <= until_s:
                return True
    return False
