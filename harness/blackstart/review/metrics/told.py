"""What others were told, and when: TTC, TTScope, adherence, silence, the time in the dark, comms debt."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from blackstart.review.metrics.base import Measure, broke, censored, measured, metric, void
from blackstart.review.promises import covered
from blackstart.review.spell import plural, spell
from blackstart.review.stretches import clipped, length
from blackstart.review.wording import impact_of

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.facts import Facts
    from blackstart.review.model import Status
    from blackstart.review.promises import Post
    from blackstart.review.timeline import Message

NOBODY = "nobody wrote a word in the incident thread"


def _until_told(facts: Facts, start: Event, uncertainty_s: float = 0.0) -> Measure:
    if facts.told is None:
        return censored(start, facts.end_s, NOBODY, uncertainty_s)
    if facts.told.event.seq < start.seq:
        return Measure("measured", 0.0, None, uncertainty_s, start, facts.told.event, "told before")
    return measured(start, facts.told.event, uncertainty_s)


@metric("TTC", "time to communicate")
def communicate(facts: Facts) -> Measure:
    """e_eff → e_comm: a person's first message in the incident thread."""
    effect = broke(facts)
    return _until_told(facts, effect.event, effect.uncertainty_s)


@metric("TTC from delivery", "from the page to the first word")
def communicate_from_delivery(facts: Facts) -> Measure:
    """e_deliv → e_comm: the part that is people's, and that they are held to."""
    return _until_told(facts, facts.delivered) if facts.delivered else void("no page reached anybody")


@metric("TTC before delivery", "from the effect to the page")
def before_delivery(facts: Facts) -> Measure:
    """e_eff → e_deliv: the part that is the platform's own."""
    effect = broke(facts)
    if facts.delivered is None:
        return censored(effect.event, facts.end_s, "no page reached anybody", effect.uncertainty_s)
    return measured(effect.event, facts.delivered, effect.uncertainty_s)


@metric("TTC from acknowledgement", "from the acknowledgement to the first word")
def communicate_from_ack(facts: Facts) -> Measure:
    """e_ack → e_comm."""
    return _until_told(facts, facts.acked) if facts.acked else void("nobody acknowledged, so no time began")


@metric("TTC external", "until the first entry of the status page")
def communicate_outside(facts: Facts) -> Measure:
    """e_eff → the first entry that everybody outside the thread can read."""
    effect = broke(facts)
    entries = [
        entry.event
        for entry in facts.line.status
        if effect.event.seq < entry.event.seq < facts.line.until_seq
    ]
    if not entries:
        return censored(effect.event, facts.end_s, "the status page has no entry", effect.uncertainty_s)
    return measured(effect.event, entries[0], effect.uncertainty_s)


# --- the impact -----------------------------------------------------------------------------------


@metric("TTScope", "time until the impact is told right")
def scope(facts: Facts) -> Measure:
    """e_eff → the first message whose impact is right for enough of all capabilities and teams, red or green. What a
    message does not speak of is not right. A wrong impact that is corrected later counts from the correction.
    """
    effect = broke(facts)
    wrong = 0
    for message in facts.talk:
        share = _scope_share(facts, message)
        if share is not None and share >= facts.inputs.protocol.updates.scope_share:
            reason = f"{plural(wrong, 'earlier message')} had it wrong or only in part" if wrong else ""
            return measured(effect.event, message.event, effect.uncertainty_s, reason)
        wrong += share is not None
    return censored(effect.event, facts.end_s, "no message had the impact right", effect.uncertainty_s)


def _scope_share(facts: Facts, message: Message) -> float | None:
    """The share of all capabilities' and teams' probes that a message has right; None when it speaks of none."""
    protocol = facts.inputs.protocol
    claims = facts.reader.claims(impact_of(message.text, protocol) or message.text)
    truth = facts.truth(message.event.seq)
    if not claims or not truth:
        return None
    return sum(1 for probe, green in truth.items() if claims.get(probe) is green) / len(truth)


# --- the cadence ----------------------------------------------------------------------------------


@metric("update adherence", "share of the time with an update that held")
def adherence(facts: Facts) -> Measure:
    """The share of e_comm → e_clear that an unexpired promise covers; beside it the deadlines kept and the gaps."""
    if facts.told is None:
        start = facts.delivered or broke(facts).event
        return Measure("censored", None, 0.0, 0.0, start, None, NOBODY)
    start_s, end_s = facts.told.at_s, facts.talk_end.drill_s
    every = facts.posts[0].cadence_s
    if end_s - start_s < every:
        return void(f"it lasted {spell(end_s - start_s)}, less than one period of {spell(every)}")
    share = length(clipped(covered(facts.posts, end_s), start_s, end_s)) / (end_s - start_s)
    status: Status = "measured" if facts.cleared else "censored"
    end = facts.talk_end if facts.cleared else None
    found = Measure(status, None, share, 0.0, facts.told.event, end, _deadlines(facts.posts, end_s))
    return found if facts.cleared else found.because("no all-clear was given")


def _deadlines(posts: list[Post], end_s: float) -> str:
    """How many deadlines were kept, by how much the others were missed, and the longest gap."""
    nexts = [*(post.at_s for post in posts[1:]), end_s]
    pairs = list(zip(posts, nexts, strict=True))
    due = [(post, at_s) for post, at_s in pairs if at_s < end_s or post.until_s < end_s]
    late = [at_s - post.until_s for post, at_s in due if at_s > post.until_s]
    gap = max((at_s - post.at_s for post, at_s in pairs), default=0.0)
    return (
        f"{len(due) - len(late)} of {plural(len(due), 'deadline')} kept, {spell(sum(late))} late in all, "
        f"longest gap {spell(gap)}"
    )


@metric("silence", "longest silence in the incident thread")
def silence(facts: Facts) -> Measure:
    """The longest gap between two messages of people, from e_comm to e_clear."""
    if facts.told is None:
        start = facts.delivered or broke(facts).event
        return censored(start, facts.end_s, NOBODY)
    last = facts.talk_end
    events = [message.event for message in facts.talk if message.event.seq < last.seq] + [last]
    start, end = max(
        itertools.pairwise(events),
        key=lambda pair: pair[1].drill_s - pair[0].drill_s,
        default=(facts.told.event, last),
    )
    if end is last and not facts.cleared:
        return censored(start, last.drill_s, "no all-clear was given")
    return measured(start, end)


@metric("in the dark", "time in which something was red and nobody was told")
def in_the_dark(facts: Facts) -> Measure:
    """Between e_eff and e_rest: capabilities or teams were red, and no unexpired update said so."""
    effect = broke(facts)
    dark = length(facts.dark(effect.at_s))
    end = facts.restored
    if end is None:
        return Measure("censored", dark, None, effect.uncertainty_s, effect.event, None, "never restored")
    uncertainty = max(effect.uncertainty_s, end.uncertainty_s)
    return Measure("measured", dark, None, uncertainty, effect.event, end.event)


@metric("comms debt", "changes made before anybody was told")
def debt(facts: Facts) -> Measure:
    """e_mut → e_comm when the change came first, else 0."""
    first, told = facts.mutated, facts.told
    if first is None:
        start = told.event if told else broke(facts).event
        return Measure("measured", 0.0, None, 0.0, start, start, "nobody changed anything")
    if told is None:
        return censored(first.event, facts.end_s, NOBODY)
    if told.event.seq < first.event.seq:
        return Measure("measured", 0.0, None, 0.0, first.event, told.event, "told before the first change")
    return measured(first.event, told.event)
