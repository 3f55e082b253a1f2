"""What was said against what was so (P19, P20)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.review.findings.base import Draft, failed, passed, rule, unknown
from blackstart.review.spell import listed, plural, spell
from blackstart.review.wording import impact_of

if TYPE_CHECKING:
    from blackstart.chain import Event
    from blackstart.review.facts import Facts
    from blackstart.review.health import RedSet


@dataclass(frozen=True, slots=True)
class _Statement:
    """One impact beside the probes. `wrong` has what was said of each and was not so."""

    event: Event
    judged: int
    wrong: list[str]


@rule(
    "P19-impact-true",
    "The impact that is told is true",
    "major",
    "Put the state of each capability and team where whoever writes the update can copy it from.",
)
def impact_true(facts: Facts) -> Draft | None:
    """P19: each impact, also "unaffected", against the probes at that moment. A change so young that it may be a flap
    makes neither wrong; a probe without an answer is not judged.
    """
    said = _said(facts)
    if not said:
        return None
    where = facts.inputs.rule("updates", "scope_share")
    statements = [_checked(facts, event, text) for event, text in said]
    checkable = [one for one in statements if one.judged]
    if not checkable:
        return unknown(
            "No impact speaks of a capability or a team by a name that the map has.",
            [e for e, _ in said],
            where,
        )
    share = facts.inputs.protocol.updates.scope_share
    wrong = [one for one in checkable if 1 - len(one.wrong) / one.judged < share]
    if wrong:
        said_wrong = "; ".join(f"event {one.event.seq} {listed(one.wrong)}" for one in wrong[:5])
        return failed(
            f"{len(wrong)} of {plural(len(checkable), 'impact')} wrong: {said_wrong}.",
            [o.event for o in wrong],
            where,
        )
    return passed(
        f"{plural(len(checkable), 'impact')} told, as the probes had it.", [o.event for o in checkable], where
    )


def _said(facts: Facts) -> list[tuple[Event, str]]:
    """Every impact that others could read: in the thread, in the teams' channels, on the status page."""
    protocol = facts.inputs.protocol
    last = facts.line.until_seq
    texts = [(m.event, m.text) for m in facts.spoken if not m.channel.startswith("@")]
    first = facts.effect.event.seq if facts.effect else last
    texts += [(entry.event, entry.text) for entry in facts.line.status if first < entry.event.seq < last]
    found = [(event, impact_of(text, protocol)) for event, text in texts]
    return sorted(((event, text) for event, text in found if text), key=lambda one: one[0].seq)


def _checked(facts: Facts, event: Event, text: str) -> _Statement:
    truth = facts.truth(event.seq)
    claims = {probe: green for probe, green in facts.reader.claims(text).items() if probe in truth}
    young_s = event.drill_s - facts.inputs.protocol.updates.state_change_lasts
    wrong = []
    for probe, green in claims.items():
        turned_s = facts.health.turned_s(probe, event.seq)
        if green is not truth[probe] and (turned_s is None or turned_s <= young_s):
            subject = facts.line.declared[probe].subject if probe in facts.line.declared else probe
            wrong.append(f"calls {subject} {'fine' if green else 'broken'}")
    return _Statement(event, len(claims), wrong)


@rule(
    "P20-state-change-told",
    "A change of the picture is told soon",
    "minor",
    "Let the thread show by itself when a probe turns, so that the next update does not wait for somebody to look.",
)
def state_change_told(facts: Facts) -> Draft | None:
    """P20: changes after the first word, up to the all-clear; a shorter one than two minutes is a flap."""
    if facts.told is None:
        return None
    within = facts.inputs.protocol.updates.state_change_within
    due = [
        red for red in lasting_changes(facts) if red.at_s + within <= facts.end_s or _told(facts, red, within)
    ]
    if not due:
        return None
    where = facts.inputs.rule("updates", "state_change_within")
    untold = [red for red in due if not _told(facts, red, within)]
    if untold:
        said = listed([f"at event {red.event.seq}" for red in untold[:5]])
        detail = f"{plural(len(untold), 'change')} of what was red ({said}) without an update within {spell(within)}."
        return failed(detail, [red.event for red in untold], where)
    evidence = [event for red in due for event in (red.event, _told(facts, red, within)) if event]
    return passed(
        f"{plural(len(due), 'change')} of what was red, told within {spell(within)}.", evidence, where
    )


def lasting_changes(facts: Facts) -> list[RedSet]:
    """The changes of the set of red probes after the first word and before the all-clear that were no flaps."""
    told, lasts = facts.told, facts.inputs.protocol.updates.state_change_lasts
    if told is None:
        return []
    sets = [red for red in facts.health.red_sets() if red.event.seq < facts.line.until_seq]
    nexts = [*(red.at_s for red in sets[1:]), facts.end_s]
    lasting = [red for red, next_s in zip(sets, nexts, strict=True) if next_s - red.at_s >= lasts]
    changes = [red for before, red in itertools.pairwise(lasting) if red.probes != before.probes]
    return [red for red in changes if told.event.seq < red.event.seq < facts.talk_end.seq]


def _told(facts: Facts, red: RedSet, within: float) -> Event | None:
    return next(
        (
            post.message.event
            for post in facts.posts
            if post.message.event.seq > red.event.seq and post.at_s <= red.at_s + within
        ),
        None,
    )
