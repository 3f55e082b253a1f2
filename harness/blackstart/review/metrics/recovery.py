"""The way back: TTM, TTR with its parts, claim error, the observation window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.review.metrics.base import Measure, broke, censored, measured, metric, void, written
from blackstart.review.spell import plural, spell
from blackstart.review.stretches import clipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blackstart.review.facts import Facts
    from blackstart.review.health import Edge
    from blackstart.review.model import Metric, Status


def _between(start: Edge, end: Edge, reason: str = "") -> Measure:
    """Both ends are edges: each lies up to its own uncertainty earlier, so the difference is off by the larger."""
    return measured(start.event, end.event, max(start.uncertainty_s, end.uncertainty_s), reason)


@metric("TTM", "time to mitigate")
def mitigate(facts: Facts) -> Measure:
    """e_eff → e_mit: every capability and team back, for long enough that it is no flap. Without any change by a person
    before it, it healed by itself and says nothing of people.
    """
    effect = broke(facts)
    episodes = facts.episodes(facts.impact_probes)
    if not episodes:
        return void("no capability and no team was hit")
    end = episodes[0].end
    if end is None:
        return censored(effect.event, facts.end_s, _not_over(facts), effect.uncertainty_s)
    changed = any(a.effect != "read-only" and a.at_s <= end.at_s for a in facts.actions)
    if not changed:
        return void(f"it healed by itself after {spell(end.at_s - effect.at_s)}: nobody had changed anything")
    return _between(effect, end)


def _not_over(facts: Facts) -> str:
    by_harness = any(fault.healed_by == "harness" for fault in facts.line.faults.values())
    return "only the clean-up after the drill ended it" if by_harness else "the drill ended first"


@metric("TTR", "time to restore")
def restore(facts: Facts) -> Measure:
    """e_eff → e_rest, every probe green: moved back to the last red-to-green edge. What an aftershock broke is listed
    apart and moves nothing.
    """
    effect = broke(facts)
    if facts.restored is None:
        return censored(effect.event, facts.end_s, _not_over(facts), effect.uncertainty_s)
    return _between(effect, facts.restored, "; ".join(_relapses(facts)))


def _relapses(facts: Facts) -> Iterator[str]:
    """Further times of trouble, in words."""
    own = facts.own_troubles
    if len(own) > 1:
        first = own[0].end
        after = f", first green after {spell(first.at_s - own[0].start.at_s)}" if first else ""
        yield f"relapse: it came back {plural(len(own) - 1, 'time')}{after}"
    for trouble in facts.troubles[len(own) :]:
        lasted = spell((trouble.end.at_s if trouble.end else facts.end_s) - trouble.start.at_s)
        still = "" if trouble.end else " and was not over"
        yield f"aftershock: red again for {lasted}{still} (event {trouble.start.event.seq})"


def by_workflow(facts: Facts) -> list[Metric]:
    """TTR of each capability and team that was hit. Pages and totals are the same for all: only the end differs."""
    return [
        written(f"TTR {subject}", f"time to restore {subject}", _of_workflow(facts, probe))
        for probe in facts.impact_probes
        if facts.episodes([probe])
        for subject in [facts.line.declared[probe].subject]
    ]


def _of_workflow(facts: Facts, probe: str) -> Measure:
    effect, first = broke(facts), facts.aftershock
    own = [e for e in facts.episodes([probe]) if first is None or e.start.event.seq < first.intended.seq]
    if not own:
        return void("only an aftershock hit it")
    end = own[-1].end
    if end is None:
        return censored(effect.event, facts.end_s, _not_over(facts), effect.uncertainty_s)
    return _between(effect, end)


@metric("claim error", "how far the word 'fixed' was from the fact")
def claim_error(facts: Facts) -> Measure:
    """from e_rest to e_claim: negative is premature."""
    restored, claimed = facts.restored, facts.claimed
    if claimed is None:
        why = "nobody said that it was fixed"
        return censored(restored.event, facts.end_s, why, restored.uncertainty_s) if restored else void(why)
    if restored is None:
        reason = "it was said to be fixed and never was"
        return Measure("censored", claimed.at_s - facts.end_s, None, 0.0, None, claimed.event, reason)
    found = measured(restored.event, claimed.event, restored.uncertainty_s)
    return found.because("premature") if claimed.event.seq < restored.event.seq else found


@dataclass(frozen=True, slots=True)
class Clean:
    """Since when all was seen to be green. `edge` is the recovery; `why` the clean time began later than that."""

    at_s: float
    edge: Edge
    uncertainty_s: float
    why: str = ""


def clean_since(facts: Facts) -> Clean | None:
    """The clean time right before the all-clear, or before the drill's end where none was given; None when something was
    red then. Any red, and any probe without an answer for more than two intervals, begins it anew.
    """
    last = facts.talk_end
    over = [e for e in facts.troubles if e.start.event.seq < last.seq]
    if not over or over[-1].end is None or over[-1].end.event.seq > last.seq:
        return None
    edge = over[-1].end
    blind = clipped(facts.health.blind(facts.counted), edge.at_s, last.drill_s)
    if blind:
        seen_s = blind[-1][1]
        why = f"begun anew {spell(seen_s - edge.at_s)} after the recovery, for probes had no answer"
        return Clean(seen_s, edge, facts.health.interval_s, why)
    return Clean(edge.at_s, edge, edge.uncertainty_s)


@metric("observation window", "green watched before the all-clear")
def window(facts: Facts) -> Measure:
    """The clean time from e_rest, or from where it began anew, to e_clear."""
    need = f"the protocol asks for {spell(facts.inputs.clean_window_s)}"
    if not any(trouble.end for trouble in facts.troubles):
        return void("never restored, so there was nothing to watch")
    last, clean = facts.talk_end, clean_since(facts)
    if clean is None:
        why = "given while something was red" if facts.cleared else "something was red at the end"
        status: Status = "measured" if facts.cleared else "censored"
        return Measure(status, 0.0, None, 0.0, last, last if facts.cleared else None, f"{why}; {need}")
    seen, start = last.drill_s - clean.at_s, clean.edge.event
    if facts.cleared is None:
        return Measure(
            "censored", seen, None, clean.uncertainty_s, start, None, f"no all-clear was given; {need}"
        )
    found = Measure("measured", seen, None, clean.uncertainty_s, start, last, need)
    return found.because(clean.why) if clean.why else found
