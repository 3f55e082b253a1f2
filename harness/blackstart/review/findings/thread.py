"""One place to look: the thread, questions that come elsewhere, direct messages (P07, P29)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blackstart.review.findings.base import Case, failed, passed

if TYPE_CHECKING:
    from blackstart.review.facts import Message
    from blackstart.review.model import Finding

__all__ = ["RULES"]


def one_thread(case: Case) -> Finding | None:
    """P07: what people say of the incident stands in the thread; questions elsewhere are answered with its address."""
    rules, facts = case.facts.inputs.protocol.thread, case.facts
    asked = _asked(case)
    own = [m for m in facts.messages if not m.bot and m.actor in facts.people]
    pointers = [m for m in own if m.channel.startswith("#") and _points(case, m)]
    counted = [m for m in own if m not in pointers]
    elsewhere = [m for m in counted if m.channel != rules.name]
    unanswered = [q for q in asked if not _answered(q, pointers, rules.redirect_within)]
    if not asked and not counted:
        return None
    rule, where = "P07-one-thread", case.protocol_line("thread", "redirect_within")
    ratio = 1.0 - len(elsewhere) / len(counted) if counted else 1.0
    evidence = [q.event for q in unanswered] + [m.event for m in elsewhere]
    if not unanswered and ratio >= rules.single_ratio:
        return passed(rule, "The incident had one thread", [m.event for m in [*asked, *pointers]], where)
    detail = []
    if unanswered:
        detail.append(
            f"{len(unanswered)} of {len(asked)} questions elsewhere got no pointer to the thread in time."
        )
    if ratio < rules.single_ratio:
        detail.append(f"Only {ratio:.0%} of what was said stood in the thread.")
    return failed(
        rule,
        "minor",
        "Teams that asked elsewhere were not led to the thread",
        " ".join(detail),
        evidence,
        where,
        "Answer questions in team channels with a canned pointer to the thread.",
        in_the_dark=None,
    )


def _asked(case: Case) -> list[Message]:
    """What teams asked outside the thread while they had something to ask about and somebody had been paged."""
    at = case.moments
    since = at.delivered.s if at.delivered else None
    if since is None:
        return []
    ends = case.cadence.end_s
    teams = set(case.facts.inputs.platform.teams)
    return [m for m in case.facts.messages if m.bot and m.actor in teams and since <= m.s <= ends]


def _points(case: Case, message: Message) -> bool:
    thread = case.facts.inputs.protocol.thread.name
    text = message.text.lower()
    return (
        f"#{thread}" in text
        or case.facts.header.drill.lower() in text
        or re.search(r"\bthread\b", text) is not None
    )


def _answered(question: Message, pointers: list[Message], within_s: float) -> bool:
    return any(p.channel == question.channel and 0 <= p.s - question.s <= within_s for p in pointers)


def no_direct_messages(case: Case) -> Finding | None:
    """P29: updates by direct message reach one person and leave the others in the dark."""
    own = [m for m in case.facts.messages if not m.bot and m.actor in case.facts.people]
    if not own:
        return None
    rule, where = "P29-no-direct-messages", case.protocol_line("thread", "name")
    direct = [m for m in own if m.channel.startswith("@")]
    if not direct:
        return passed(rule, "Nothing was told by direct message", [], where)
    return failed(
        rule,
        "minor",
        "Updates went out by direct message",
        f"{len(direct)} direct message{'s' if len(direct) > 1 else ''} about the incident.",
        [m.event for m in direct],
        where,
        "Move such a conversation to the thread with one sentence that says so.",
    )


RULES = (one_thread, no_direct_messages)
