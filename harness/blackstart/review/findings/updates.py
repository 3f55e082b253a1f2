"""Updates: how often, as promised, in their form, true, after a change, and no long silence (P16 to P21, P25)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from blackstart.review.findings.base import Case, failed, passed
from blackstart.review.impact import claims

if TYPE_CHECKING:
    from blackstart.review.model import Finding

__all__ = ["RULES"]


def cadence(case: Case) -> Finding | None:
    """P16: an update every so often, also when there is nothing new."""
    seen, at = case.cadence, case.moments
    if at.delivered is None or at.effect is None:
        return None
    rule, where = "P16-update-cadence", case.protocol_line("updates", "every")
    if seen.start is not None and not seen.gaps:
        return passed(
            rule, "Updates came as often as the protocol asks", [u.message.event for u in case.updates], where
        )
    evidence = [e for gap in seen.gaps for e in (gap.promise_event, gap.late_event) if e is not None]
    silent = seen.start is None
    return failed(
        rule,
        "major",
        "Nobody was told how it goes" if silent else "Updates came too seldom",
        "Not one update was written."
        if silent
        else f"{seen.late_s / 60:.0f} minutes without an unexpired word.",
        evidence or [at.effect.event, at.delivered.event, seen.end_event],
        where,
        "Let a timer in the thread ask the communications lead for the next update before it is due.",
        in_the_dark=0.0 if silent else case.dark_minutes(until_first_word=False),
    )


def promised(case: Case) -> Finding | None:
    """P17: an update that promises the next one sooner is held to it."""
    rules = case.facts.inputs.protocol.updates
    later = [u.message.s for u in case.updates]
    broken: list[int] = []
    kept: list[int] = []
    for update in case.updates:
        due = update.promised_s
        if due is None or due >= case.cadence.end_s:
            continue
        ok = any(update.message.s < s <= due + rules.grace for s in later)
        (kept if ok else broken).append(update.message.event)
    if not broken and not kept:
        return None
    rule, where = "P17-promised-update", case.protocol_line("updates", "grace")
    if not broken:
        return passed(rule, "Every promised update came", kept, where)
    return failed(
        rule,
        "minor",
        "A promised update did not come in time",
        f"{len(broken)} of {len(broken) + len(kept)} promises were not kept.",
        broken,
        where,
        "Promise the cadence of the protocol, not less, and let a timer hold it.",
    )


def template(case: Case) -> Finding | None:
    """P18: stamp and fields, so that everybody finds what they look for."""
    if not case.updates:
        return None
    rule, where = "P18-update-template", case.protocol_line("updates", "form")
    bad = [u for u in case.updates if u.problems]
    if not bad:
        return passed(rule, "Every update had its form", [u.message.event for u in case.updates], where)
    return failed(
        rule,
        "minor",
        "An update did not have its form",
        "; ".join(dict.fromkeys(problem for u in bad for problem in u.problems)) + ".",
        [u.message.event for u in bad],
        where,
        "Give the communications lead the template with the stamp filled in.",
    )


def impact_true(case: Case) -> Finding | None:
    """P19: what an update says of the impact is so, its denials included."""
    judged = [(u, claims(case.facts, u.fields.get("Impact", ""), u.message.s)) for u in case.updates]
    judged = [(u, found) for u, found in judged if found]
    if not judged:
        return None
    rule, where = "P19-impact-true", case.protocol_line("updates", "scope_share")
    wrong = [(u, c) for u, found in judged for c in found if not c.true]
    if not wrong:
        return passed(rule, "What was said of the impact was so", [u.message.event for u, _ in judged], where)
    said = sorted({f"{c.subject} was said to {'fail' if c.broken else 'work'}" for _, c in wrong})
    return failed(
        rule,
        "major",
        "What was said of the impact was not so",
        "; ".join(said) + ".",
        [u.message.event for u, _ in wrong],
        where,
        "Write the impact from the board of probes, not from memory.",
        in_the_dark=None,
    )


def state_change(case: Case) -> Finding | None:
    """P20: when the picture changes and stays changed, an update follows soon."""
    told = case.moments.told
    if told is None:
        return None
    rules = case.facts.inputs.protocol.updates
    changes = [c for c in _changes(case) if told.s < c[0] <= case.cadence.end_s]
    if not changes:
        return None
    words = [m.s for m in case.facts.said()]
    untold = [e for s, e in changes if not any(s <= w <= s + rules.state_change_within for w in words)]
    rule, where = "P20-state-change-told", case.protocol_line("updates", "state_change_within")
    if not untold:
        return passed(rule, "Every change of the picture was told", [e for _, e in changes], where)
    return failed(
        rule,
        "minor",
        "A change of the picture was not told in time",
        f"{len(untold)} of {len(changes)} changes that lasted were not told within {rules.state_change_within / 60:.0f} min.",
        untold,
        where,
        "Show the board's changes in the thread, so that an update is prompted.",
    )


def _changes(case: Case) -> list[tuple[float, int]]:
    """Instants at which the set of red probes changed and stayed so for long enough to count."""
    lasts = case.facts.inputs.protocol.updates.state_change_lasts
    edges = sorted((edge.s, edge.event) for line in case.facts.probes.values() for edge in line.edges)
    groups: list[list[tuple[float, int]]] = []
    for edge in edges:
        if groups and edge[0] - groups[-1][-1][0] < lasts:
            groups[-1].append(edge)
        else:
            groups.append([edge])
    first = min((s for s, _, _ in case.facts.faults.values()), default=0.0)
    lines = case.facts.probes.values()
    found = []
    for group in groups:
        before = {line.name for line in lines if line.state_at(group[0][0] - 1e-6) == "red"}
        after = {line.name for line in lines if line.state_at(group[-1][0]) == "red"}
        if before != after and group[0][0] >= first:
            found.append(group[-1])
    return found


def silence(case: Case) -> Finding | None:
    """P21: no stretch without a word while something is red."""
    at, rules = case.moments, case.facts.inputs.protocol.updates
    if at.effect is None or at.delivered is None:
        return None
    rule, where = "P21-longest-silence", case.protocol_line("updates", "longest_silence")
    words = [(m.s, m.event) for m in case.facts.said()]
    if not words:
        ends, dark = case.cadence, case.dark_minutes()
        return failed(
            rule,
            "major",
            "The thread stayed silent",
            f"Not a word from the page to the end, {(ends.end_s - at.delivered.s) / 60:.0f} minutes. "
            f"For {dark:.0f} of them teams were cut off and not told. {len(_panic(case))} times they asked.",
            [at.delivered.event, ends.end_event, *_panic(case)],
            where,
            "Say that there is nothing new. Silence is what makes teams ask.",
            in_the_dark=dark,
        )
    worst = _worst_silence(case, words)
    if worst is None or worst[0] <= rules.longest_silence + rules.grace:
        return passed(rule, "The thread was never silent for long", [words[0][1]], where)
    return failed(
        rule,
        "minor",
        "The thread was silent for too long",
        f"{worst[0] / 60:.0f} minutes without a word while something was red.",
        [worst[1], worst[2]],
        where,
        "Say that there is nothing new. Silence is what makes teams ask.",
    )


def _panic(case: Case) -> list[int]:
    teams = set(case.facts.inputs.platform.teams)
    return [m.event for m in case.facts.messages if m.bot and m.actor in teams]


def _worst_silence(case: Case, words: list[tuple[float, int]]) -> tuple[float, int, int] | None:
    """The longest stretch between words that overlaps an outage, counted only while it lasted."""
    found = []
    for one in case.moments.outages:
        ends = one.end_s if one.end_s is not None else case.cadence.end_s
        end_event = one.end_event if one.end_event is not None else case.cadence.end_event
        inside = [w for w in words if one.start_s <= w[0] <= ends]
        if not inside:
            continue
        marks = [*inside, (ends, end_event)]
        found += [(b[0] - a[0], a[1], b[1]) for a, b in itertools.pairwise(marks)]
    return max(found, default=None)


def status_page(case: Case) -> Finding | None:
    """P25: one entry for each phase."""
    if case.moments.delivered is None or case.moments.effect is None:
        return None
    phases = case.facts.inputs.protocol.status_page.phases
    if case.moments.restored is None:
        phases = phases[:2]
    rule, where = "P25-status-page", case.protocol_line("status_page", "phases")
    seen = {phase for _, _, phase in case.facts.statuses}
    missing = [phase for phase in phases if phase not in seen]
    evidence = [event for _, event, _ in case.facts.statuses]
    if not missing:
        return passed(rule, "The status page had every phase", evidence, where)
    return failed(
        rule,
        "minor",
        "The status page was not kept",
        f"No entry for: {', '.join(missing)}.",
        evidence or [case.moments.delivered.event],
        where,
        "Make the status page part of the update, so that one act does both.",
        in_the_dark=None,
    )


RULES = (cadence, promised, template, impact_true, state_change, silence, status_page)
