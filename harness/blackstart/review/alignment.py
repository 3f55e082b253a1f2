"""The runbook's steps beside the recorded commands and the components' audit lines.

A command goes to the step that a person who follows the runbook would be at: the next open one that has it, short of a
change that was not begun yet; else an earlier one that was left out; else it repeats one that is done. So `bao status`
before the fix is the diagnosis and after it the verification, though both steps have the same command.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from blackstart.review.commands import Words, parts_of

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.review.timeline import Ran, Timeline
    from blackstart.runbook import Command, Runbook, Step

__all__ = ["Aligned", "Alignment", "align"]

StepState = Literal["done", "skipped", "out of order", "failed"]


@dataclass(slots=True)
class _Slot:
    """One command of a step, and how it went."""

    command: Command
    spelled: list[Words]
    tries: list[Ran] = field(default_factory=list)
    done: Ran | None = None


@dataclass(slots=True)
class Aligned:
    """One step of the runbook with what was run for it. `repeats` are runs after it was done."""

    step: Step
    slots: list[_Slot]
    repeats: list[Ran] = field(default_factory=list)
    state: StepState = "skipped"
    reason: str = ""
    audit: list[int] = field(default_factory=list)

    @property
    def mutating(self) -> bool:
        return any(slot.command.mutating for slot in self.slots)

    @property
    def tries(self) -> list[Ran]:
        """Every run for this step, in order; repeats left out."""
        runs = {ran.started.seq: ran for slot in self.slots for ran in slot.tries}
        return [runs[seq] for seq in sorted(runs)]

    @property
    def begun(self) -> bool:
        return any(slot.tries for slot in self.slots)

    @property
    def done_at(self) -> Ran | None:
        """The run that completed it, or None."""
        last = [slot.done for slot in self.slots]
        complete = [ran for ran in last if ran is not None]
        if len(complete) < len(self.slots):
            return None
        return max(complete, key=lambda ran: ran.started.seq)

    @property
    def commands(self) -> list[int]:
        return sorted({ran.started.seq for ran in [*self.tries, *self.repeats]})


@dataclass(slots=True)
class Alignment:
    """Every step that has commands, and the runs that no step has."""

    steps: list[Aligned]
    strays: list[Ran] = field(default_factory=list)

    def step(self, step_id: str) -> Aligned | None:
        return next((aligned for aligned in self.steps if aligned.step.id == step_id), None)


def align(line: Timeline, runbook: Runbook, platform: Platform) -> Alignment:
    """Put every command that was run beside the step it belongs to."""
    steps = [
        Aligned(step, [_Slot(command, parts_of(command.text, platform.tools)) for command in step.commands])
        for step in runbook.steps
        if step.commands
    ]
    alignment = Alignment(steps)
    for ran in line.ran:
        if ran.started.seq >= line.until_seq:
            break
        fits = [_place(steps, ran, words) for words in parts_of(ran.line, platform.tools)]
        if not any(fits):
            alignment.strays.append(ran)
    for index, aligned in enumerate(steps):
        aligned.state, aligned.reason = _judged(aligned, steps[index + 1 :])
        aligned.audit = _beside(aligned, line)
    return alignment


def _place(steps: list[Aligned], ran: Ran, words: Words) -> bool:
    """Give one command of a run to its step; whether there is one."""
    having = [index for index, aligned in enumerate(steps) if _slot(aligned, words, fresh=False)]
    if not having:
        return False
    index, open_ = _chosen(steps, having, words)
    slot = _slot(steps[index], words, fresh=open_)
    if slot is None or not open_:
        steps[index].repeats.append(ran)
        return True
    slot.tries.append(ran)
    if ran.exit_code in slot.command.exit_codes:
        slot.done = ran
    return True


def _chosen(steps: list[Aligned], having: list[int], words: Words) -> tuple[int, bool]:
    """The step that a run belongs to, and whether it is still open for it."""
    at = max((index for index, aligned in enumerate(steps) if aligned.begun), default=-1)
    open_ = [index for index in having if _slot(steps[index], words, fresh=True)]
    ahead = [
        i for i in open_ if i >= at and not any(s.mutating and not s.begun for s in steps[max(at, 0) : i])
    ]
    behind = [index for index in open_ if index < at]
    done = [index for index in having if index not in open_ and index <= at]
    for choice in (ahead[:1], behind[:1]):
        if choice:
            return choice[0], True
    return (done[-1], False) if done else (open_[0], True) if open_ else (having[0], False)


def _slot(aligned: Aligned, words: Words, *, fresh: bool) -> _Slot | None:
    """The first command of a step that these words are; `fresh`: that was not done yet."""
    for slot in aligned.slots:
        if not (fresh and slot.done) and any(_same(words, spelled) for spelled in slot.spelled):
            return slot
    return None


def _same(words: Words, spelled: Words) -> bool:
    """Equal, options such as `-format=json` aside."""
    if words == spelled:
        return True
    plain = [tuple(word for word in one if not word.startswith("-")) for one in (words, spelled)]
    return plain[0] == plain[1]


def _judged(aligned: Aligned, later: list[Aligned]) -> tuple[StepState, str]:
    left = [slot for slot in aligned.slots if slot.done is None]
    failed = [slot for slot in left if slot.tries and slot.tries[-1].exit_code is not None]
    if failed:
        command, code = failed[0].command.text, failed[0].tries[-1].exit_code
        accepted = " or ".join(map(str, failed[0].command.exit_codes))
        return "failed", f"{command} ended with exit code {code}, the runbook expects {accepted}"
    if not aligned.begun:
        return "skipped", "none of its commands was run"
    if left:
        return "skipped", f"{left[0].command.text} was never run to its end"
    first = aligned.tries[0].started.seq
    for other in later:
        if other.begun and other.tries[0].started.seq < first and _ordered(aligned, other):
            return "out of order", f"{other.step.id} was begun before it"
    return "done", ""


def _ordered(one: Aligned, other: Aligned) -> bool:
    """Whether the order of two steps matters: not among reads of one section."""
    return one.step.section != other.step.section or one.mutating or other.mutating


def _beside(aligned: Aligned, line: Timeline) -> list[int]:
    """The audit lines of the same person from while the step's commands ran."""
    runs = [*aligned.tries, *aligned.repeats]
    return sorted(
        {
            seen.event.seq
            for seen in line.audit
            for ran in runs
            if ran.who == seen.body.who
            and ran.at_s <= seen.at_s <= (ran.end_s if ran.end_s is not None else line.end_s)
        }
    )
