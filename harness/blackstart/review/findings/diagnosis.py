"""Look before you change anything, and tell before you do (P22, P26)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.findings.base import Draft, failed, passed, rule, unknown
from blackstart.review.spell import listed, spell
from blackstart.review.stretches import Stretch, without

if TYPE_CHECKING:
    from blackstart.review.actions import Action
    from blackstart.review.facts import Facts
    from blackstart.review.health import Edge


@rule(
    "P22-read-only-first",
    "Somebody looks before anything is changed",
    "major",
    "Open the runbook at its diagnosis, and let the fix ask for what the diagnosis has found.",
    reads="commands",
)
def read_only_first(facts: Facts) -> Draft | None:
    """P22: a successful read of what failed, or of what it depends on, before the first change. Commands alone prove it."""
    first = facts.mutated
    if first is None or not facts.inputs.protocol.diagnosis.read_only_first:
        return None
    where = facts.inputs.rule("diagnosis", "read_only_first")
    before = [action for action in facts.actions if action.at_s < first.at_s]
    near = facts.near(direct=False)
    read = next((a for a in before if a.effect == "read-only" and a.ok and a.touches & near), None)
    if read:
        return passed(
            f"`{read.text}` looked before `{first.text}` changed anything.", [read.event, first.event], where
        )
    unclear = [action.event for action in before if action.effect == "unknown"]
    if unclear:
        return unknown(
            "Whether the commands before the first change were a look, nobody can tell.",
            [*unclear, first.event],
            where,
        )
    detail = f"`{first.text}` changed something before anybody had looked at {listed(sorted(facts.failed_components))}."
    return failed(detail, [first.event], where)


@rule(
    "P22-self-inflicted-harm",
    "No change makes it worse",
    "major",
    "Say in the runbook what else the step takes down, and how to undo it.",
    reads="commands",
)
def self_inflicted_harm(facts: Facts) -> Draft | None:
    """P22: a probe that turns red soon after a change. What a fault accounts for is not the change's doing."""
    changes = [action for action in facts.actions if action.effect == "mutating"]
    if not changes:
        return None
    within = facts.inputs.protocol.diagnosis.harm_within
    where = facts.inputs.rule("diagnosis", "harm_within")
    harms = _harms(facts, changes, within)
    if not harms:
        return passed(
            f"No probe turned red within {spell(within)} of a change.", [a.event for a in changes], where
        )
    action = harms[0][0]
    detail = (
        f"{listed([_name(e) for _, e in harms[:5]])} turned red within {spell(within)} of `{action.text}`."
    )
    evidence = [event for one, e in harms for event in (one.event, e.event)]
    return failed(detail, evidence, where, _added(facts, [e for _, e in harms]))


def _name(edge: Edge) -> str:
    return str(getattr(edge.event.body, "probe", "a probe"))


def _harms(facts: Facts, changes: list[Action], within: float) -> list[tuple[Action, Edge]]:
    found = []
    for probe in facts.health.probes():
        for span in facts.health.spans(probe):
            if (
                span.state != "red"
                or span.start.event.seq >= facts.line.until_seq
                or _by_fault(facts, probe, span.start)
            ):
                continue
            since = [
                a
                for a in changes
                if a.at_s < span.start.at_s <= a.at_s + within and a.event.seq < span.start.event.seq
            ]
            if since:
                found.append((since[-1], span.start))
    return sorted(found, key=lambda one: one[1].event.seq)


def _by_fault(facts: Facts, probe: str, edge: Edge) -> bool:
    """Whether a fault had just been injected that reaches this probe."""
    for fault in facts.line.faults.values():
        begin = fault.intended.drill_s
        in_time = begin <= edge.at_s <= begin + fault.body.within_s + edge.uncertainty_s
        if in_time and probe in {fault.body.probe, *facts.reached_by(fault.body.target)}:
            return True
    return False


def _added(facts: Facts, edges: list[Edge]) -> list[Stretch]:
    """The time in which nothing but this was red: without it, it would have been over."""
    starts = {edge.event.seq for edge in edges}
    spans = [
        span for probe in facts.health.probes() for span in facts.health.spans(probe) if span.state == "red"
    ]
    harm = [span.stretch(facts.end_s) for span in spans if span.start.event.seq in starts]
    rest = [span.stretch(facts.end_s) for span in spans if span.start.event.seq not in starts]
    return without(harm, rest) if facts.restored else []


@rule(
    "P26-comms-debt",
    "Somebody is told before anything is changed",
    "major",
    "Make telling the thread the first line of the runbook's fix.",
)
def comms_debt(facts: Facts) -> Draft | None:
    """P26: a message before the first change."""
    first, told = facts.mutated, facts.told
    if first is None:
        return None
    where = facts.inputs.rule("acknowledgement", "within")
    if told is None:
        return failed(
            f"`{first.text}` changed the platform, and nobody was ever told.",
            [first.event, facts.line.end],
            where,
        )
    evidence = [first.event, told.event]
    if told.event.seq < first.event.seq:
        return passed("The first message came before the first change.", evidence, where)
    debt = spell(told.at_s - first.at_s)
    return failed(f"`{first.text}` changed the platform {debt} before the first message.", evidence, where)
