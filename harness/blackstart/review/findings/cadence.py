"""Updates: how often, as promised, in which form, and never silent for long (P16, P17, P18, P21)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from blackstart.review.findings.base import Draft, failed, passed, rule
from blackstart.review.spell import listed, plural, spell
from blackstart.review.wording import stamp_off_s

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.facts import Facts
    from blackstart.review.promises import Post


def _followed(facts: Facts) -> list[tuple[Post, float, Event]]:
    """Each update with when the next came, or when the duty to speak ended."""
    last = facts.talk_end
    posts = [post for post in facts.posts if post.message.event.seq < last.seq]
    if not posts:
        return []
    nexts = [(post.at_s, post.message.event) for post in posts[1:]] + [(last.drill_s, last)]
    return [(post, at_s, event) for post, (at_s, event) in zip(posts, nexts, strict=True)]


@rule(
    "P16-update-cadence",
    "Updates come as often as the protocol asks",
    "major",
    "Let a timer in the thread ask for the next update, and let one person have no other task than to write it.",
)
def update_cadence(facts: Facts) -> Draft | None:
    """P16. While the window of watching runs, its own cadence holds. Shorter than one period, nothing was due."""
    rules = facts.inputs.protocol.updates
    where = facts.inputs.rule("updates", "every")
    if facts.told is None:
        if facts.delivered is None or facts.delivered.drill_s + rules.every + rules.grace > facts.end_s:
            return None
        waited = spell(facts.end_s - facts.delivered.drill_s)
        detail = (
            f"No update was ever posted, in {waited} after the page; one is due every {spell(rules.every)}."
        )
        return failed(detail, [facts.delivered, facts.line.end], where)
    if facts.talk_end.drill_s - facts.told.at_s < facts.posts[0].cadence_s:
        return None
    late = [
        (post, at_s, event)
        for post, at_s, event in _followed(facts)
        if at_s - post.at_s > post.cadence_s + post.grace_s
    ]
    if not late:
        evidence = [post.message.event for post in facts.posts]
        return passed(f"{plural(len(facts.posts), 'update')}, none later than due.", evidence, where)
    gaps = listed(
        [f"{spell(at_s - post.at_s)} instead of {spell(post.cadence_s)}" for post, at_s, _ in late[:5]]
    )
    evidence = [e for post, _, event in late for e in (post.message.event, event)]
    return failed(f"{plural(len(late), 'gap')} between updates: {gaps}.", evidence, where)


@rule(
    "P17-promised-update",
    "An update that was promised early comes then",
    "minor",
    "Note each promise where its writer sees it run out, or promise no earlier than the cadence asks.",
)
def promised_update(facts: Facts) -> Draft | None:
    """P17: only promises for earlier than the cadence; the cadence itself is another rule's."""
    early = [
        (post, post.promised_s, at_s, event)
        for post, at_s, event in _followed(facts)
        if post.promised_s is not None and post.promised_s < post.at_s + post.cadence_s - post.grace_s
        if min(post.promised_s + post.grace_s, at_s) <= facts.end_s
    ]
    if not early:
        return None
    where = facts.inputs.rule("updates", "grace")
    broken = [one for one in early if one[2] > one[1] + one[0].grace_s]
    evidence = [e for post, _, _, event in broken or early for e in (post.message.event, event)]
    if not broken:
        return passed("What was promised early came by then.", evidence, where)
    late = listed([spell(at_s - due_s) for _, due_s, at_s, _ in broken[:5]])
    return failed(f"{plural(len(broken), 'promised update')} came late, by {late}.", evidence, where)


@rule(
    "P18-update-template",
    "Updates have the protocol's template",
    "minor",
    "Give the template as a snippet or a command that fills in the stamp and the time of the next update.",
)
def update_template(facts: Facts) -> Draft | None:
    """P18: heading with a right stamp and the incident's id, every field, and a next update no later than due."""
    updates = [post for post in facts.posts if post.update]
    if not updates:
        return None
    where = facts.inputs.rule("updates", "form")
    wrong = [(post, flaws) for post in updates if (flaws := _flaws(facts, post))]
    if not wrong:
        return passed(
            f"{plural(len(updates), 'update')} in the template.", [p.message.event for p in updates], where
        )
    said = "; ".join(f"event {post.message.event.seq} {listed(flaws)}" for post, flaws in wrong[:5])
    return failed(
        f"{len(wrong)} of {plural(len(updates), 'update')}: {said}.",
        [p.message.event for p, _ in wrong],
        where,
    )


def _flaws(facts: Facts, post: Post) -> list[str]:
    update, rules = post.update, facts.inputs.protocol.updates
    if update is None:
        return []
    flaws = [f"lacks {listed(missing)}"] if (missing := update.missing(facts.inputs.protocol)) else []
    if update.incident_id and update.incident_id.upper() != facts.line.opened.drill.upper():
        flaws.append(f"names {update.incident_id}")
    utc = facts.utc(post.at_s)
    off_s = stamp_off_s(update.stamp, utc) if update.stamp else 0.0
    if off_s > rules.stamp_within:
        flaws.append(f"is stamped {update.stamp} and was posted at {utc:%H:%M:%S} UTC")
    if post.promised_s is None and update.fields.get(_next_field(facts)):
        flaws.append("names no time for the next update")
    if post.promised_s is not None and post.promised_s > post.at_s + post.cadence_s:
        flaws.append(f"promises the next in {spell(post.promised_s - post.at_s)}")
    return flaws


def _next_field(facts: Facts) -> str:
    return next(
        (name for name in facts.inputs.protocol.updates.fields if name.lower().startswith("next")), ""
    )


@rule(
    "P21-longest-silence",
    "The thread is never silent for long",
    "major",
    "Agree that saying nothing new is an update too, and let a timer ask for it.",
)
def longest_silence(facts: Facts) -> Draft | None:
    """P21. While the window of watching runs, the cadence of that phase is the limit."""
    rules = facts.inputs.protocol.updates
    where = facts.inputs.rule("updates", "longest_silence")
    if facts.told is None:
        return _never_a_word(facts)
    events = [m.event for m in facts.talk if m.event.seq < facts.talk_end.seq] + [facts.talk_end]
    gaps = []
    for before, after in itertools.pairwise(events):
        limit = rules.observing_every if facts.observing(before.drill_s) else rules.longest_silence
        if after.drill_s - before.drill_s > limit + rules.grace:
            gaps.append((before, after))
    if not gaps:
        return passed("No silence was longer than the limit.", [], where)
    before, after = max(gaps, key=lambda gap: gap[1].drill_s - gap[0].drill_s)
    asks = _asks(facts, before, after)
    detail = f"The thread was silent for {spell(after.drill_s - before.drill_s)}{_meanwhile(asks)}."
    return failed(detail, [before, after, *asks], where)


def _never_a_word(facts: Facts) -> Draft | None:
    limit = facts.inputs.protocol.updates.longest_silence
    begin, end = facts.delivered, facts.line.end
    if begin is None or end.drill_s - begin.drill_s <= limit:
        return None
    asks = _asks(facts, begin, end)
    detail = f"The thread was silent from the page to the end, {spell(end.drill_s - begin.drill_s)}{_meanwhile(asks)}."
    return failed(detail, [begin, end, *asks], facts.inputs.rule("updates", "longest_silence"))


def _asks(facts: Facts, before: Event, after: Event) -> list[Event]:
    return [event for event, _ in facts.line.questions if before.seq < event.seq < after.seq]


def _meanwhile(asks: list[Event]) -> str:
    return f", and teams asked {plural(len(asks), 'time')} meanwhile" if asks else ""
