"""Not over at the fix: the clean window and the status page (P23, P25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.review.findings.base import Draft, failed, passed, rule, unknown
from blackstart.review.metrics.recovery import clean_since
from blackstart.review.spell import listed, spell

if TYPE_CHECKING:
    from blackstart.review.facts import Facts

AFTER_RECOVERY = frozenset({"monitoring", "resolved"})
"""Phases that are only true once all is green again."""


@rule(
    "P23-clean-window",
    "The all-clear comes after the whole clean window",
    "major",
    "Let the tool show how long all has been green, and give the all-clear only when the window is full.",
)
def clean_window(facts: Facts) -> Draft | None:
    """P23. A window that the drill's end cut off was not observed: unknown, never pass."""
    where = facts.inputs.rule("clean_window")
    need = facts.inputs.clean_window_s
    clean = clean_since(facts)
    seen = facts.talk_end.drill_s - clean.at_s if clean else 0.0
    if facts.cleared is None:
        if clean is None or seen < need:
            return unknown(
                "The drill ended before the window was over, so it was not observed.", [facts.line.end], where
            )
        evidence = [clean.edge.event, facts.line.end]
        return failed(
            f"No all-clear was given, though all had been green for {spell(seen)}.", evidence, where
        )
    evidence = [facts.cleared.event] if clean is None else [clean.edge.event, facts.cleared.event]
    if clean is None:
        return failed("The all-clear was given while something was red.", evidence, where)
    if seen < need:
        again = f" {clean.why.capitalize()}." if clean.why else ""
        return failed(
            f"The all-clear came after {spell(seen)} of green; the window is {spell(need)}.{again}",
            evidence,
            where,
        )
    return passed(f"The all-clear came after {spell(seen)} of green.", evidence, where)


@rule(
    "P25-status-page",
    "The status page has an entry for every phase",
    "minor",
    "Let whoever posts the update in the thread post the entry by the same command.",
    reads="",
)
def status_page(facts: Facts) -> Draft | None:
    """P25. Phases that follow the recovery are only due when there was one."""
    if facts.delivered is None or facts.effect is None:
        return None
    first = facts.effect.event.seq
    posted = {e.phase: e.event for e in reversed(facts.line.status) if first < e.event.seq}
    phases = facts.inputs.protocol.status_page.phases
    due = [phase for phase in phases if facts.restored or phase not in AFTER_RECOVERY]
    if facts.line.aborted or not due:
        return None
    where = facts.inputs.rule("status_page", "phases")
    missing = [phase for phase in due if phase not in posted]
    evidence = [posted[phase] for phase in due if phase in posted]
    if missing:
        return failed(
            f"The status page has no entry for {listed(missing)}.", evidence or [facts.line.end], where
        )
    return passed("The status page has an entry for every phase.", evidence, where)
