"""The first minutes: the page taken, the acknowledgement in its form and pinned, the roles named (P04 to P10, T03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.findings.base import Case, failed, passed
from blackstart.review.messages import acknowledgement

if TYPE_CHECKING:
    from blackstart.review.facts import Message
    from blackstart.review.model import Finding

__all__ = ["RULES"]


def page_acknowledged(case: Case) -> Finding | None:
    """T03: whoever is paged takes it before it goes to the next."""
    page = next(iter(case.facts.pages.values()), None)
    if page is None or not page.delivered:
        return None
    rule, where = "T03-page-acknowledged", case.protocol_line("acknowledgement", "page_within")
    limit = case.facts.inputs.protocol.acknowledgement.page_within
    delivered_s, delivered, _ = page.delivered[0]
    evidence = [delivered, *(e for _, e, _ in page.escalated), *(e for _, e, _ in page.acked[:1])]
    if page.acked and page.acked[0][0] - delivered_s <= limit:
        return passed(rule, "The page was taken in time", evidence, where)
    return failed(
        rule,
        "major",
        "The page was not taken in time",
        f"Delivered, and {'taken ' + _minutes(page.acked[0][0] - delivered_s) + ' later' if page.acked else 'never taken'}; "
        f"the protocol allows {_minutes(limit)}.",
        evidence,
        where,
        "Shorten the time until a page escalates, or page two people at once for this alert.",
        to_recovery=None,
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def acknowledged(case: Case) -> Finding | None:
    """P04: the first word in the thread, soon after the page."""
    at, rule = case.moments, "P04-acknowledge-in-time"
    if at.delivered is None:
        return None
    where = case.protocol_line("acknowledgement", "within")
    limit = case.facts.inputs.protocol.acknowledgement.within
    told = at.told
    if told is not None and told.s - at.delivered.s <= limit:
        return passed(rule, "The incident was acknowledged in time", [at.delivered.event, told.event], where)
    seen = (
        f"The first word in the thread came {_minutes(told.s - at.delivered.s)} after the page"
        if told
        else ("Nobody wrote a word in the thread")
    )
    return failed(
        rule,
        "major",
        "Nobody was told in time that somebody looks at it",
        f"{seen}; the protocol allows {_minutes(limit)}.",
        [at.delivered.event, *([told.event] if told else [])],
        where,
        "Put the acknowledgement's text into the page itself, ready to be sent with one key.",
        in_the_dark=case.dark_minutes(until_first_word=True) if told else 0.0,
    )


def _first(case: Case) -> Message | None:
    told = case.moments.told
    return next((m for m in case.facts.said() if told and m.event == told.event), None)


def form(case: Case) -> Finding | None:
    """P05: the form that everybody recognises: incident id, symptom, where updates go."""
    message = _first(case)
    if message is None:
        return None
    rule, where = "P05-acknowledgement-form", case.protocol_line("acknowledgement", "form")
    found = next((m for m in case.facts.said() if acknowledgement(m.text, case.facts.inputs.protocol)), None)
    match = acknowledgement(found.text, case.facts.inputs.protocol) if found else None
    if found and match and match["incident_id"] == case.facts.header.drill and found.event == message.event:
        return passed(rule, "The acknowledgement had its form", [message.event], where)
    return failed(
        rule,
        "minor",
        "The acknowledgement did not have its form",
        f"The first message was: {message.text.strip()[:120]}",
        [message.event],
        where,
        "Offer the acknowledgement as a template where pages are answered.",
    )


def pinned(case: Case) -> Finding | None:
    """P06: pinned, so that it is the one place to look."""
    message = _first(case)
    if message is None:
        return None
    rule, where = "P06-acknowledgement-pinned", case.protocol_line("acknowledgement", "pin_within")
    limit = case.facts.inputs.protocol.acknowledgement.pin_within
    pin = case.facts.pins.get(message.id)
    if pin is not None and pin[0] - message.s <= limit:
        return passed(rule, "The acknowledgement was pinned", [message.event, pin[1]], where)
    return failed(
        rule,
        "minor",
        "The acknowledgement was not pinned in time",
        "It was never pinned." if pin is None else f"It was pinned {_minutes(pin[0] - message.s)} later.",
        [message.event, *([pin[1]] if pin else [])],
        where,
        "Let the tool that posts the acknowledgement pin it.",
    )


def roles(case: Case) -> Finding | None:
    """P09: the required roles are claimed soon after the acknowledgement."""
    at, rules = case.moments, case.facts.inputs.protocol.roles
    if at.acked is None:
        return None
    rule, where = "P09-roles-claimed", case.protocol_line("roles", "within")
    late = [r for r in rules.always if r not in at.roles or at.roles[r].s - at.acked.s > rules.within]
    evidence = [at.acked.event, *(m.event for r, m in at.roles.items() if r in rules.always)]
    if not late:
        return passed(rule, "The required roles were claimed in time", evidence, where)
    never = [role for role in late if role not in at.roles]
    return failed(
        rule,
        "major",
        "A required role was not claimed in time",
        f"{', '.join(late)}: {'never claimed' if never else 'claimed late'}; the protocol allows {_minutes(rules.within)}.",
        evidence,
        where,
        "Name the commander in the on-call schedule, so that the role is taken with the page.",
    )


def roles_when_large(case: Case) -> Finding | None:
    """P10: once an incident is large or long, every role is explicit."""
    trigger_s = large_since(case)
    if trigger_s is None:
        return None
    at, rules = case.moments, case.facts.inputs.protocol.roles
    rule, where = "P10-roles-when-large", case.protocol_line("roles", "trigger")
    late = [r for r in rules.all if r not in at.roles or at.roles[r].s > trigger_s + rules.within]
    evidence = [m.event for m in at.roles.values()] or [at.outages[0].start_event]
    if not late:
        return passed(rule, "Every role was explicit when the incident grew", evidence, where)
    return failed(
        rule,
        "major",
        "Roles were missing when the incident grew",
        f"{', '.join(late)} not claimed within {_minutes(rules.within)} of the trigger.",
        evidence,
        where,
        "Let the commander's checklist name the roles to fill when the trigger fires.",
    )


def large_since(case: Case) -> float | None:
    """When P10's trigger fired: so long red, or more teams red than the protocol allows for a small incident."""
    trigger = case.facts.inputs.protocol.roles.trigger
    fired: list[float] = []
    for one in case.moments.outages:
        ends = one.end_s if one.end_s is not None else case.facts.end_s
        if ends - one.start_s > trigger.longer_than:
            fired.append(one.start_s + trigger.longer_than)
    teams = [line for line in case.facts.probes.values() if line.of == "team"]
    for instant in sorted({edge.s for line in teams for edge in line.edges}):
        if sum(line.state_at(instant) == "red" for line in teams) > trigger.more_teams_than:
            fired.append(instant)
            break
    return min(fired, default=None)


RULES = (page_acknowledged, acknowledged, form, pinned, roles, roles_when_large)
