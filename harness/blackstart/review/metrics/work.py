"""From the acknowledgement to the work: TTRoles, TTE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.metrics.base import Measure, censored, measured, metric, void
from blackstart.review.spell import listed

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.facts import Facts


@metric("TTRoles", "time until the roles are named")
def roles(facts: Facts) -> Measure:
    """e_ack → the last claim of a required role. While an incident is small only the roles that are always required
    count; what its size adds is counted from the moment at which it was no longer small.
    """
    if facts.acked is None:
        return void("nobody acknowledged, so no time began")
    due = _due(facts, facts.acked)
    unclaimed = [role for role in due if role not in facts.holding.claimed]
    if unclaimed:
        start = due[unclaimed[0]][0]
        return censored(start, facts.end_s, f"nobody claimed {listed(unclaimed)}")
    if not due:
        return void("the protocol requires no role")
    late = {role: facts.holding.claimed[role].drill_s - since for role, (_, since) in due.items()}
    last = max(late, key=lambda role: late[role])
    claim = facts.holding.claimed[last]
    return Measure("measured", max(late[last], 0.0), None, 0.0, due[last][0], claim)


def _due(facts: Facts, acked: Event) -> dict[str, tuple[Event, float]]:
    """Each required role with the event and the second from which its claim is timed."""
    rules = facts.inputs.protocol.roles
    due = dict.fromkeys(rules.always, (acked, acked.drill_s))
    if facts.trigger:
        start = facts.trigger.event if facts.trigger.at_s > acked.drill_s else acked
        for role in rules.all:
            due.setdefault(role, (start, max(facts.trigger.at_s, acked.drill_s)))
    return due


@metric("TTE", "time to engage")
def engage(facts: Facts) -> Measure:
    """e_ack → e_eng: the first read or write on what failed, or on what that needs directly. Joining a chat is not
    engaging. The map names owners by team, and participants have no team: so any participant's action counts.
    """
    if facts.acked is None:
        return void("nobody acknowledged, so no time began")
    if facts.engaged is None:
        return censored(facts.acked, facts.end_s, "nobody looked at what failed or at what it needs")
    if facts.engaged.at_s < facts.acked.drill_s:
        begun = facts.engaged.event
        return Measure(
            "measured", 0.0, None, 0.0, facts.acked, begun, "somebody was at it before acknowledging"
        )
    return measured(facts.acked, facts.engaged.event)
