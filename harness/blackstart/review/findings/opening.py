"""The first minutes: the page, the acknowledgement, its form, its pin (T03, P04 to P06)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blackstart.review.findings.base import Draft, failed, passed, rule
from blackstart.review.spell import listed, spell
from blackstart.review.wording import acknowledgement_of

if TYPE_CHECKING:
    from blackstart.review.facts import Facts
    from blackstart.review.timeline import Message, Page

_WORD = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}|\d{3,}")
_LOOKS_LIKE_ONE = re.compile(r"\backnowledg|\back(?:ed|ing)?\b|\binvestigating\b", re.IGNORECASE)
_TOO_COMMON = frozenset(
    "the and for are was has have with from this that not now its all failing failed probe".split()
)


@rule(
    "T03-page-acknowledged",
    "Every page is acknowledged in time",
    "minor",
    "Check whom the page reaches at that hour and by which device, and shorten the way to the next in line.",
    reads="",
)
def page_acknowledged(facts: Facts) -> Draft | None:
    """T03. A page that was resolved before its time ran out asked for nothing."""
    within = facts.inputs.protocol.acknowledgement.page_within
    pages = [page for page in facts.line.pages if page.deliveries and _was_due(facts, page, within)]
    if not pages:
        return None
    where = facts.inputs.rule("acknowledgement", "page_within")
    late = [page for page in pages if not _in_time(page, within)]
    if not late:
        evidence = [event for page in pages for event in (page.deliveries[0], page.acks[0])]
        return passed(f"Every page was acknowledged within {spell(within)}.", evidence, where)
    page = late[0]
    due_s = page.deliveries[0].drill_s + within
    evidence = [event for one in late for event in (*one.deliveries, *one.escalations, *one.acks[:1])]
    how = (
        f"was acknowledged {spell(page.acks[0].drill_s - due_s)} too late"
        if page.acks
        else "was never acknowledged"
    )
    on = f" It was passed on {len(page.escalations)} times." if len(page.escalations) > 1 else ""
    on = " It was passed on to the next in line." if len(page.escalations) == 1 else on
    return failed(
        f"The page of {page.probe} {how}; the limit is {spell(within)}.{on}",
        evidence,
        where,
        _idle(facts, page, due_s),
    )


def _was_due(facts: Facts, page: Page, within: float) -> bool:
    """Whether its time ran out, or it was answered, before it was resolved and before the drill ended."""
    due_s = page.deliveries[0].drill_s + within
    answered = bool(page.acks) and page.acks[0].drill_s <= due_s
    return answered or due_s <= min(facts.restored_s, facts.end_s)


def _in_time(page: Page, within: float) -> bool:
    return bool(page.acks) and page.acks[0].drill_s - page.deliveries[0].drill_s <= within


def _idle(facts: Facts, page: Page, due_s: float) -> list[tuple[float, float]]:
    """The time beyond the limit, when nobody was at work before the acknowledgement: it came on top of the rest."""
    if not page.acks or page is not facts.page or facts.restored is None:
        return []
    acked_s = page.acks[0].drill_s
    idle = not any(action.at_s < acked_s for action in facts.actions)
    return [(due_s, acked_s)] if idle and acked_s < facts.restored.at_s else []


@rule(
    "P04-acknowledge-in-time",
    "The first message comes in time after the page",
    "major",
    "Put the acknowledgement as a ready text beside the page, so that it can be sent before anything is looked at.",
)
def acknowledge_in_time(facts: Facts) -> Draft | None:
    """P04, from the page's delivery: what came before is the platform's."""
    if facts.delivered is None:
        return None
    within = facts.inputs.protocol.acknowledgement.within
    where = facts.inputs.rule("acknowledgement", "within")
    due_s = facts.delivered.drill_s + within
    if facts.told is None:
        if due_s > facts.end_s:
            return None
        asks = [event for event, _ in facts.line.questions if event.seq > facts.delivered.seq]
        detail = f"Nobody wrote a word in the incident thread; the first message was due {spell(within)} after the page."
        return failed(detail, [facts.delivered, facts.line.end, *asks], where)
    took = spell(facts.told.at_s - facts.delivered.drill_s)
    evidence = [facts.delivered, facts.told.event]
    if facts.told.at_s <= due_s:
        return passed(f"The first message came {took} after the page.", evidence, where)
    return failed(
        f"The first message came {took} after the page; the limit is {spell(within)}.", evidence, where
    )


def acknowledgement(facts: Facts) -> Message | None:
    """The message that is to be the acknowledgement: the first that looks like one, else the first of all."""
    protocol = facts.inputs.protocol
    for message in facts.talk:
        found = acknowledgement_of(message.text, protocol)
        if found.whole or (found.incident_id and _LOOKS_LIKE_ONE.search(message.text)):
            return message
    return facts.told


@rule(
    "P05-acknowledgement-form",
    "The acknowledgement says which incident, which symptom and where updates go",
    "minor",
    "Let a bot or a snippet fill in the acknowledgement's form from the page.",
)
def acknowledgement_form(facts: Facts) -> Draft | None:
    """P05. Without any message there is nothing to judge."""
    message = acknowledgement(facts)
    if message is None:
        return None
    found = acknowledgement_of(message.text, facts.inputs.protocol)
    drill = facts.line.opened.drill
    lacks = []
    if found.incident_id.upper() != drill.upper():
        lacks.append(
            f"the incident's id {drill}" + (f" (it says {found.incident_id})" if found.incident_id else "")
        )
    if not found.whole:
        lacks.append("the protocol's form")
    elif not _names_a_symptom(facts, found.symptom, message.event.seq):
        lacks.append(f'a symptom that any alert or red probe shows (it says "{found.symptom}")')
    where = facts.inputs.rule("acknowledgement", "form")
    if lacks:
        return failed(f"The acknowledgement lacks {listed(lacks)}.", [message.event], where)
    return passed("The acknowledgement has the protocol's form.", [message.event], where)


def _names_a_symptom(facts: Facts, symptom: str, seq: int) -> bool:
    """Whether it shares a word with an alert so far, or with a probe that is red or what people call its subject."""
    return bool(_words(symptom) & _words(" ".join(_shown(facts, seq))))


def _shown(facts: Facts, seq: int) -> list[str]:
    nodes = facts.inputs.platform.nodes()
    texts = [page.symptom for page in facts.line.pages if page.fired.seq < seq]
    for probe in facts.health.probes():
        for span in facts.health.spans(probe):
            if (
                span.state == "red"
                and span.start.event.seq < seq
                and (not span.end or span.end.event.seq > seq)
            ):
                subject = facts.line.declared[probe].subject if probe in facts.line.declared else probe
                words = getattr(nodes.get(subject), "words", [])
                texts += [probe, subject, span.reason, *words]
    return texts


def _words(text: str) -> set[str]:
    return {found[0].lower() for found in _WORD.finditer(text)} - _TOO_COMMON


@rule(
    "P06-acknowledgement-pinned",
    "The acknowledgement is pinned",
    "minor",
    "Pin the acknowledgement by the same command that posts it.",
)
def acknowledgement_pinned(facts: Facts) -> Draft | None:
    """P06: so that late-comers find the one thread."""
    message = acknowledgement(facts)
    if message is None:
        return None
    within = facts.inputs.protocol.acknowledgement.pin_within
    pin = facts.line.pins.get(message.id)
    if pin is None and message.at_s + within > facts.end_s:
        return None
    where = facts.inputs.rule("acknowledgement", "pin_within")
    if pin is None:
        return failed("The acknowledgement was never pinned.", [message.event], where)
    took, evidence = pin.drill_s - message.at_s, [message.event, pin]
    if took > within:
        return failed(f"It was pinned after {spell(took)}; the limit is {spell(within)}.", evidence, where)
    return passed("The acknowledgement was pinned.", evidence, where)
