"""One thread, and no side talk (P07, P29)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blackstart.chain import Event
from blackstart.review.findings.base import Draft, failed, passed, rule
from blackstart.review.spell import plural, spell

if TYPE_CHECKING:
    from blackstart.review.facts import Facts
    from blackstart.review.timeline import Message

_INCIDENT = re.compile(r"\b(?:incident|outage)\b", re.IGNORECASE)


@rule(
    "P07-one-thread",
    "There is one thread, and questions elsewhere are answered with a pointer to it",
    "minor",
    "Give whoever speaks for the incident a ready answer with the thread's link, and a view of the teams' channels.",
)
def one_thread(facts: Facts) -> Draft | None:
    """P07. Direct messages have a rule of their own; a pointer to the thread is no side talk."""
    asked = list(_asked(facts))
    late = [(ask, answer) for ask, answer in asked if not _in_time(facts, ask, answer)]
    aside = [m for m in facts.spoken if _is_aside(facts, m)]
    inside = len(facts.talk)
    if not asked and not inside and not aside:
        return None
    rules, problems, evidence = facts.inputs.protocol.thread, [], list[Event]()
    where = facts.inputs.rule("thread", "redirect_within")
    if late:
        problems.append(_unanswered(late, rules.redirect_within))
        evidence += [
            event for ask, answer in late for event in (ask, answer.event if answer else None) if event
        ]
    if aside and inside / (inside + len(aside)) < rules.single_ratio:
        where = where if late else facts.inputs.rule("thread", "single_ratio")
        problems.append(
            f"{plural(len(aside), 'message')} about the incident stood elsewhere, {inside} in the thread."
        )
        evidence += [message.event for message in aside]
    if problems:
        return failed(" ".join(problems), evidence, where)
    seen = [event for ask, answer in asked for event in (ask, answer.event if answer else None) if event]
    return passed("The talk was in one thread, and questions elsewhere were answered there.", seen, where)


def _asked(facts: Facts) -> list[tuple[Event, Message | None]]:
    """Each question outside the thread, from the page to the all-clear, with the first answer that points to the thread.
    Before the page nobody on call knew of anything.
    """
    messages = {message.id: message for message in facts.line.messages}
    found: list[tuple[Event, Message | None]] = []
    if facts.delivered is None:
        return found
    for event, body in facts.line.questions:
        ask = messages.get(body.message)
        if ask is None or ask.channel == facts.inputs.protocol.thread.name:
            continue
        if facts.delivered.seq < event.seq < facts.talk_end.seq:
            found.append((ask.event, _answer(facts, ask)))
    return found


def _answer(facts: Facts, ask: Message) -> Message | None:
    return next(
        (
            message
            for message in facts.spoken
            if message.event.seq > ask.event.seq
            and (message.channel == ask.channel or message.reply_to == ask.id)
            and _points_to_thread(facts, message)
        ),
        None,
    )


def _in_time(facts: Facts, ask: Event, answer: Message | None) -> bool:
    """A question whose time is not over yet is no failure."""
    due_s = ask.drill_s + facts.inputs.protocol.thread.redirect_within
    if answer is None:
        return due_s > facts.end_s
    return answer.at_s <= due_s


def _unanswered(late: list[tuple[Event, Message | None]], within: float) -> str:
    never = sum(1 for _, answer in late if answer is None)
    slow = [spell(answer.at_s - ask.drill_s) for ask, answer in late if answer]
    parts = (
        [f"{plural(never, 'question')} of teams got no answer with a pointer to the thread"] if never else []
    )
    if slow:
        parts.append(f"{plural(len(slow), 'answer')} came after {', '.join(slow)}")
    return f"{'; '.join(parts)}; the limit is {spell(within)}."


def _is_aside(facts: Facts, message: Message) -> bool:
    thread = facts.inputs.protocol.thread.name
    elsewhere = message.channel != thread and not message.channel.startswith("@")
    return elsewhere and _about(facts, message) and not _points_to_thread(facts, message)


def _points_to_thread(facts: Facts, message: Message) -> bool:
    name = re.escape(facts.inputs.protocol.thread.name)
    pattern = rf"#{name}\b|\b(?:incident|{name})\s+(?:thread|channel)\b|{re.escape(facts.line.opened.drill)}"
    return re.search(pattern, message.text, re.IGNORECASE) is not None


def _about(facts: Facts, message: Message) -> bool:
    """Whether a message names the incident or what it shows."""
    text = message.text
    if _INCIDENT.search(text) or facts.line.opened.drill.lower() in text.lower():
        return True
    names = sorted(facts.failed_components)
    return bool(facts.reader.claims(text)) or any(
        re.search(rf"\b{re.escape(n)}\b", text, re.IGNORECASE) for n in names
    )


@rule(
    "P29-no-direct-messages",
    "Nobody is told by direct message",
    "minor",
    "Let the thread be the only place that is quick to write to, and point direct questions there.",
)
def no_direct_messages(facts: Facts) -> Draft | None:
    """P29: what one person is told, the others do not know."""
    told = [m for m in facts.spoken if m.channel.startswith("@") and _about(facts, m)]
    where = facts.inputs.rule("thread", "name")
    if told:
        detail = f"{plural(len(told), 'direct message')} told of the incident what the thread was for."
        return failed(detail, [message.event for message in told], where)
    return passed("No direct message told of the incident.", [], where)
