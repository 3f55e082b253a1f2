"""Who does what is said aloud (P09, P10, P30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.findings.base import Draft, failed, passed, rule
from blackstart.review.spell import listed, spell

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.facts import Facts
    from blackstart.review.size import Trigger


@rule(
    "P09-roles-claimed",
    "The roles that are always needed are claimed in time",
    "major",
    "Ask for the commander in the acknowledgement itself, and name who takes it when nobody answers.",
    provable=False,
)
def roles_claimed(facts: Facts) -> Draft | None:
    """P09, from the acknowledgement; where none came, from when it was due."""
    rules = facts.inputs.protocol.roles
    if facts.delivered is None or not rules.always:
        return None
    begin = facts.acked or facts.delivered
    waited = 0.0 if facts.acked else facts.inputs.protocol.acknowledgement.page_within
    due_s = begin.drill_s + waited + rules.within
    return _claims(facts, rules.always, due_s, begin, "the acknowledgement", "within")


@rule(
    "P10-roles-when-large",
    "Every role is claimed once the incident is large",
    "major",
    "Let the tool say when an incident has grown large, and list the roles that are still open.",
    provable=False,
)
def roles_when_large(facts: Facts) -> Draft | None:
    """P10, from the moment at which it was no longer small; not when it was over before they were due."""
    trigger, rules = facts.trigger, facts.inputs.protocol.roles
    if trigger is None or facts.delivered is None:
        return None
    due_s = max(trigger.at_s, facts.delivered.drill_s) + rules.within
    if facts.restored_s <= due_s:
        return None
    return _claims(facts, rules.all, due_s, trigger.event, f"the moment at which {trigger.why}", "trigger")


def _claims(facts: Facts, roles: list[str], due_s: float, begin: Event, since: str, key: str) -> Draft | None:
    claimed = facts.holding.claimed
    late = [role for role in roles if role not in claimed or claimed[role].drill_s > due_s]
    if any(role not in claimed for role in late) and due_s > facts.end_s:
        return None
    where = facts.inputs.rule("roles", key)
    evidence = [begin, *(claimed[role] for role in roles if role in claimed)]
    within = spell(facts.inputs.protocol.roles.within)
    if not late:
        return passed(f"{listed(roles)} claimed within {within} of {since}.", evidence, where)
    said = [
        f"{role} was claimed {spell(claimed[role].drill_s - due_s)} too late"
        if role in claimed
        else f"{role} was never claimed"
        for role in late
    ]
    return failed(f"{listed(said)}; due within {within} of {since}.", evidence, where)


@rule(
    "P30-expert-not-commander",
    "The expert does not command",
    "major",
    "Have a second person on call who only commands, so that whoever knows the component has both hands free.",
    provable=False,
)
def expert_not_commander(facts: Facts) -> Draft | None:
    """P30, only once the incident is large: before, one person may do both."""
    trigger = facts.trigger
    if trigger is None:
        return None
    where = facts.inputs.rule("roles", "separate")
    for one, other in facts.inputs.protocol.roles.separate:
        if both := _both(facts, trigger, one, other):
            return failed(f"The same person held {one} and {other} after {trigger.why}.", both, where)
        if other == "sme" and (ran := _commanding_hands(facts, trigger, one)):
            return failed(f"Whoever held {one} changed the platform after {trigger.why}.", ran, where)
    return passed("Those roles were held by different people.", [trigger.event], where)


def _both(facts: Facts, trigger: Trigger, one: str, other: str) -> list[Event]:
    """The claims of a person who held both roles at once after the trigger, before it was over."""
    for first in facts.holding.held:
        for second in facts.holding.held:
            if (first.role, second.role) != (one, other) or first.who != second.who:
                continue
            begin = max(first.start.drill_s, second.start.drill_s, trigger.at_s)
            ends = [held.end.drill_s for held in (first, second) if held.end]
            if begin < min([*ends, facts.restored_s]):
                return [first.start, second.start]
    return []


def _commanding_hands(facts: Facts, trigger: Trigger, role: str) -> list[Event]:
    return [
        action.event
        for action in facts.actions
        if action.effect == "mutating"
        and trigger.at_s <= action.at_s <= facts.restored_s
        and action.who in facts.holding.holders(role, action.event.seq)
    ]
