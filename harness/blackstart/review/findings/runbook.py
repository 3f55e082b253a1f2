"""The runbook against what was done (P36)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.review.findings.base import Draft, failed, passed, rule
from blackstart.review.model import Where
from blackstart.review.spell import listed, plural, spell
from blackstart.review.steps import missing_of

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.alignment import Aligned
    from blackstart.review.facts import Facts
    from blackstart.review.stretches import Stretch
    from blackstart.scenario import StepLimit


@rule(
    "P36-runbook-steps",
    "The runbook's steps are what was done",
    "minor",
    "Walk through the runbook with whoever was there: write down what helped and is missing, mend what failed, drop what nobody needs.",
    reads="commands",
    provable=False,
)
def runbook_steps(facts: Facts) -> Draft | None:
    """P36: steps skipped, out of order or failed, and commands that helped and that no step has. Where nothing was run at
    all, the steps say nothing of the runbook.
    """
    steps = facts.alignment.steps
    if not facts.line.ran or not steps:
        return None
    path = facts.inputs.runbook.path
    wrong = [aligned for aligned in steps if aligned.state != "done"]
    helped = missing_of(facts)
    if not wrong and not helped:
        evidence = [ran.started for aligned in steps for ran in aligned.tries]
        return passed(
            f"All {plural(len(steps), 'step')} done in order.", evidence, Where(path, steps[0].step.line)
        )
    said = [f"{aligned.step.id} {aligned.state}" for aligned in wrong]
    said += [f"`{ran.line}` helped and stands in no step" for ran in helped]
    line = wrong[0].step.line if wrong else steps[-1].step.line
    evidence = [ran.started for aligned in wrong for ran in aligned.tries] + [ran.started for ran in helped]
    recovery = [stretch for aligned in steps for stretch in _retried(aligned)]
    return failed(f"{listed(said[:8])}.", evidence or [facts.line.end], Where(path, line), recovery)


def _retried(aligned: Aligned) -> list[Stretch]:
    """From a command of the fix that failed to the same command's success."""
    if aligned.step.section != "fix":
        return []
    return [
        (slot.tries[0].end_s, slot.done.at_s)
        for slot in aligned.slots
        if slot.done and slot.tries[0] is not slot.done and slot.tries[0].end_s is not None
    ]


@rule(
    "P36-expected-steps",
    "The steps that the story calls for are done in time",
    "major",
    "Make the step easy to find from the symptom, and say in it how long it takes.",
    reads="commands",
    provable=False,
)
def expected_steps(facts: Facts) -> Draft | None:
    """P36: the scenario's `expects`, timed from the first page."""
    if facts.delivered is None:
        return None
    looked = [_looked_at(facts, expected, facts.delivered) for expected in facts.inputs.scenario.expects]
    judged = [one for one in looked if one]
    if not judged:
        return None
    path = facts.inputs.runbook.path
    evidence = [facts.delivered, *(one.done for one in judged if one.done)]
    missed = [one for one in judged if one.flaw]
    if not missed:
        return passed(f"{plural(len(judged), 'expected step')} done.", evidence, Where(path, judged[0].line))
    recovery = [stretch for one in missed for stretch in one.recovery]
    return failed(f"{listed([o.flaw for o in missed])}.", evidence, Where(path, missed[0].line), recovery)


@dataclass(frozen=True, slots=True)
class _Looked:
    """One expected step: what is wrong, if anything, and what proves it."""

    flaw: str
    line: int
    done: Event | None = None
    recovery: tuple[Stretch, ...] = ()


def _looked_at(facts: Facts, expected: StepLimit, page: Event) -> _Looked | None:
    """None while its time was not over at the drill's end."""
    aligned = facts.alignment.step(expected.step)
    if aligned is None:
        return _Looked(f"{expected.step} is no step with commands", 1)
    line, last = aligned.step.line, aligned.done_at
    due_s = math.inf if expected.within is None else page.drill_s + expected.within
    if last is None or last.finished is None:
        cut_off = expected.within is not None and due_s > facts.end_s
        return None if cut_off else _Looked(f"{expected.step} was not done", line)
    done_s = last.finished.drill_s
    if done_s <= due_s:
        return _Looked("", line, last.started)
    added = ((due_s, done_s),) if aligned.step.section == "fix" else ()
    return _Looked(f"{expected.step} came {spell(done_s - due_s)} too late", line, last.started, added)
