"""Looking, changing, and ending: read before you write, no harm, tell before you change, wait it out, the runbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.alignment import mutates, relevant
from blackstart.review.findings.base import Case, failed, passed
from blackstart.review.findings.beginning import large_since
from blackstart.review.model import Where

if TYPE_CHECKING:
    from blackstart.review.model import Finding

__all__ = ["RULES"]


def read_first(case: Case) -> Finding | None:
    """P22: a look at the failed component, or what it needs, before the first change."""
    mutated = case.moments.mutated
    if mutated is None or not case.facts.inputs.protocol.diagnosis.read_only_first:
        return None
    rule, where = "P22-read-only-first", case.protocol_line("diagnosis", "read_only_first")
    reads = [
        c
        for c in case.facts.commands
        if c.s <= mutated.s
        and c.event < mutated.event
        and relevant(case.facts, c)
        and not mutates(case.facts, c)
    ]
    if reads:
        return passed(
            rule, "They looked before they changed anything", [reads[0].event, mutated.event], where
        )
    return failed(
        rule,
        "major",
        "Something was changed before anybody looked",
        "The first command that can change the platform came before any command that reads its state.",
        [mutated.event],
        where,
        "Put the read-only diagnosis above the fix in the runbook, and name what must be seen before going on.",
    )


def no_harm(case: Case) -> Finding | None:
    """P22: no probe turns red soon after a change."""
    within = case.facts.inputs.protocol.diagnosis.harm_within
    changes = [c for c in case.facts.commands if c.actor in case.facts.people and mutates(case.facts, c)]
    if not changes:
        return None
    rule, where = "P22-self-inflicted-harm", case.protocol_line("diagnosis", "harm_within")
    faults = [(s, s + f.within_s) for s, _, f in case.facts.faults.values()]
    harmed = [
        (c, edge, line)
        for c in changes
        for line in case.facts.probes.values()
        for edge in line.edges
        if edge.state == "red"
        and c.s < edge.s <= c.s + within
        and not any(a <= edge.s <= b for a, b in faults)
    ]
    if not harmed:
        return passed(rule, "No change broke anything else", [c.event for c in changes], where)
    return failed(
        rule,
        "major",
        "A probe turned red soon after a change",
        ", ".join(sorted({line.name for _, _, line in harmed}))
        + f" within {within / 60:.0f} min of a change.",
        [e for c, edge, _ in harmed for e in (c.event, edge.event)],
        where,
        "Say in the runbook what to watch after the change and how to take it back.",
        to_recovery=None,
    )


def comms_debt(case: Case) -> Finding | None:
    """P26: somebody is told before something is changed."""
    at = case.moments
    if at.mutated is None:
        return None
    rule, where = "P26-comms-debt", case.protocol_line("updates", "every")
    if at.told is not None and at.told.s <= at.mutated.s:
        return passed(
            rule, "They told before they changed anything", [at.told.event, at.mutated.event], where
        )
    until = at.told.s if at.told else case.cadence.end_s
    return failed(
        rule,
        "major",
        "Things were changed before anybody was told",
        f"From the first change {(until - at.mutated.s) / 60:.0f} min without a word"
        + ("." if at.told else ", to the end."),
        [at.mutated.event, *([at.told.event] if at.told else [case.cadence.end_event])],
        where,
        "Make the first step of the fix a message in the thread.",
    )


def clean_window(case: Case) -> Finding | None:
    """P23: no all-clear before so much time without a red probe, and one after it."""
    at = case.moments
    heal = case.facts.stages.get("heal")
    if at.restored is None or (heal and at.restored.event > heal[1]):
        return None
    own = case.facts.inputs.scenario.clean_window
    window = case.facts.inputs.protocol.clean_window if own is None else own
    rule, where = "P23-clean-window", case.protocol_line("clean_window")
    if at.all_clear is None:
        return failed(
            rule,
            "minor",
            "Nobody gave the all-clear",
            "Everything was green again, and nobody who waited was told that it is over.",
            [at.restored.event],
            where,
            "Put the all-clear at the end of the runbook, with the time to wait before it.",
        )
    waited = at.all_clear.s - at.restored.s
    if waited >= window:
        return passed(
            rule, "The all-clear came after the clean window", [at.restored.event, at.all_clear.event], where
        )
    return failed(
        rule,
        "major",
        "The all-clear came too early",
        f"After {max(0.0, waited) / 60:.0f} of {window / 60:.0f} minutes without a red probe.",
        [at.restored.event, at.all_clear.event],
        where,
        "Let the commander's checklist name the earliest time of the all-clear.",
    )


def expert_not_commander(case: Case) -> Finding | None:
    """P30: once an incident is large, the expert does not command."""
    if large_since(case) is None:
        return None
    rule, where = "P30-expert-not-commander", case.protocol_line("roles", "separate")
    events = {e.seq: e.actor for e in case.facts.events}
    both = [
        (a, b)
        for a, b in case.facts.inputs.protocol.roles.separate
        if a in case.moments.roles
        and b in case.moments.roles
        and events[case.moments.roles[a].event] == events[case.moments.roles[b].event]
    ]
    evidence = [m.event for m in case.moments.roles.values()]
    if not both:
        return passed(rule, "Commander and expert were two people", evidence, where) if evidence else None
    return failed(
        rule,
        "major",
        "One person held roles that belong apart",
        "; ".join(f"{a} and {b}" for a, b in both) + ".",
        evidence,
        where,
        "Have a second person on call for the role.",
    )


def runbook_steps(case: Case) -> Finding | None:
    """P36: the runbook's steps, as they were run."""
    judged = [line for line in case.steps if line.state != "missing"]
    if not judged or not case.facts.commands:
        return None
    rule, bad = "P36-runbook-steps", [line for line in case.steps if line.state != "done"]
    if not bad:
        return passed(
            rule,
            "Every step of the runbook was done, in order",
            [e for line in judged for e in line.commands],
        )
    first = bad[0]
    return failed(
        rule,
        "minor",
        "Steps of the runbook were not done as it says",
        "; ".join(f"{line.step or line.title}: {line.state} ({line.reason})" for line in bad) + ".",
        [e for line in bad for e in line.commands] or [c.event for c in case.facts.commands[:1]],
        Where(first.file, first.line),
        "Ask why each made sense to leave out or to do later, and change the runbook where people were right.",
        to_recovery=None,
    )


def expected_steps(case: Case) -> Finding | None:
    """P36: the steps that this story calls for, within their time from the first page."""
    limits = case.facts.inputs.scenario.expects
    at = case.moments.delivered
    if not limits or at is None:
        return None
    rule = "P36-expected-steps"
    done = {line.step: line for line in case.steps if line.state in ("done", "out of order")}
    events = {e.seq: e.drill_s for e in case.facts.events}
    bad = []
    for limit in limits:
        line = done.get(limit.step)
        if line is None:
            bad.append(f"{limit.step} was not done")
        elif limit.within is not None and events[line.commands[0]] - at.s > limit.within:
            bad.append(f"{limit.step} came later than {limit.within / 60:.0f} min after the page")
    where = Where(*case.facts.inputs.line_of("scenario", "expects"))
    evidence = [e for line in done.values() for e in line.commands]
    if not bad:
        return passed(rule, "Every step that the story calls for was done in time", evidence, where)
    return failed(
        rule,
        "minor",
        "A step that the story calls for was not done in time",
        "; ".join(bad) + ".",
        evidence or [at.event],
        where,
        "See which line of the runbook kept people from the step.",
        to_recovery=None,
    )


RULES = (read_first, no_harm, comms_debt, clean_window, expert_not_commander, runbook_steps, expected_steps)
