"""The timings, each as the notes define it (metric definitions), with both events, uncertainty, and what they mean.

measured: both ends were seen. censored: it was still going on when its evidence ended; the part seen is given.
void: it has no meaning in this drill, and the reason says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from blackstart.review.impact import scope
from blackstart.review.model import Metric
from blackstart.review.moments import Moment

if TYPE_CHECKING:
    from blackstart.review.cadence import Cadence
    from blackstart.review.facts import Facts
    from blackstart.review.messages import Update
    from blackstart.review.moments import Moments

__all__ = ["Judged", "metrics"]


class Judged:
    """What a metric is computed from."""

    def __init__(self, facts: Facts, moments: Moments, cadence: Cadence, updates: list[Update]) -> None:
        self.facts = facts
        self.moments = moments
        self.cadence = cadence
        self.updates = updates
        self.interval_s = facts.header.probe_interval_s * facts.header.pace

    def off(self, *moments: Moment | None) -> float:
        """Plus or minus so much: by the probes' interval, or by the gap between the two samples of an edge."""
        slacks = [moment.slack_s for moment in moments if moment is not None and moment.slack_s > 0]
        return round(max([self.interval_s, *slacks]), 3) if slacks else 0.0


def metrics(judged: Judged) -> list[Metric]:
    """Every metric, in the notes' order."""
    return [make(judged) for make in _ALL]


def _between(
    judged: Judged,
    name: str,
    title: str,
    start: Moment | None,
    end: Moment | None,
    *,
    no_start: str,
    no_end: str,
    until: Moment | None = None,
) -> Metric:
    """From one moment to another; censored at `until` (by default the end of the record) without an end."""
    if start is None:
        return Metric(name, title, None, None, 0.0, None, None, "void", no_start)
    if end is None:
        limit = until or Moment(judged.facts.end_s, judged.facts.events[-1].seq)
        seen = round(max(0.0, limit.s - start.s), 3)
        return Metric(
            name, title, seen, None, judged.off(start), start.event, limit.event, "censored", no_end
        )
    seconds = round(end.s - start.s, 3)
    return Metric(name, title, seconds, None, judged.off(start, end), start.event, end.event, "measured", "")


NO_EFFECT = "no probe turned red after a fault"


def _ttd(judged: Judged) -> Metric:
    at = judged.moments
    end = min((m for m in (at.alert, at.viewed) if m is not None), key=lambda m: m.s, default=None)
    metric = _between(
        judged,
        "TTD",
        "Time to detect",
        at.effect,
        end,
        no_start=NO_EFFECT,
        no_end="no alert fired and nobody noticed",
    )
    if end is not None and end is at.viewed and at.alert is not None and end.s < at.alert.s:
        return _with(metric, "a person noticed before the alert fired: a gap in monitoring")
    return metric


def _with(metric: Metric, reason: str) -> Metric:
    return replace(metric, reason=reason)


def _ttn(judged: Judged) -> Metric:
    at = judged.moments
    return _between(
        judged,
        "TTN",
        "Time to notify",
        at.alert,
        at.delivered,
        no_start="no alert fired",
        no_end="no page was delivered",
    )


def _tta(judged: Judged) -> Metric:
    at = judged.moments
    name, title, no_start = "TTA", "Time to acknowledge", "no page was delivered"
    restored = at.restored
    if (
        at.delivered
        and restored
        and restored.s > at.delivered.s
        and (at.acked is None or at.acked.s > restored.s)
    ):
        why = "it was resolved before anybody acknowledged"
        return _between(
            judged, name, title, at.delivered, None, no_start=no_start, no_end=why, until=restored
        )
    return _between(
        judged, name, title, at.delivered, at.acked, no_start=no_start, no_end="nobody acknowledged"
    )


def _ttroles(judged: Judged) -> Metric:
    at, roles = judged.moments, judged.facts.inputs.protocol.roles
    missing = [role for role in roles.always if role not in at.roles]
    claims = [at.roles[role] for role in roles.always if role in at.roles]
    end = None if missing else max(claims, key=lambda m: m.s, default=None)
    return _between(
        judged,
        "TTRoles",
        "Time to roles",
        at.acked,
        end,
        no_start="nobody acknowledged",
        no_end=f"nobody claimed {', '.join(missing) or 'a role'}",
    )


def _tte(judged: Judged) -> Metric:
    at = judged.moments
    return _between(
        judged,
        "TTE",
        "Time to engage",
        at.acked,
        at.engaged,
        no_start="nobody acknowledged",
        no_end="nobody looked at the failed component or what it needs",
    )


def _ttc(judged: Judged) -> Metric:
    at = judged.moments
    metric = _between(
        judged,
        "TTC",
        "Time to communicate",
        at.effect,
        at.told,
        no_start=NO_EFFECT,
        no_end="nobody wrote a word where stakeholders read",
    )
    if metric.status == "measured" and at.delivered and at.effect and at.told:
        theirs = at.told.s - at.delivered.s
        return _with(
            metric, f"of it {at.delivered.s - at.effect.s:.0f} s until the page, {theirs:.0f} s by people"
        )
    return metric


def _ttscope(judged: Judged) -> Metric:
    at, facts = judged.moments, judged.facts
    share = facts.inputs.protocol.updates.scope_share
    right = next(
        (
            Moment(u.message.s, u.message.event)
            for u in judged.updates
            if at.effect
            and u.message.s >= at.effect.s
            and scope(facts, u.fields.get("Impact", ""), u.message.s) >= share
        ),
        None,
    )
    return _between(
        judged,
        "TTScope",
        "Time to correct scope",
        at.effect,
        right,
        no_start=NO_EFFECT,
        no_end=f"no update had the impact right for {share:.0%} of the probes",
    )


def _by_people(judged: Judged, end: Moment | None) -> bool:
    """Whether a recovery came before the harness began to undo things."""
    heal = judged.facts.stages.get("heal")
    return end is not None and (heal is None or end.event < heal[1])


def _ttm(judged: Judged) -> Metric:
    at = judged.moments
    first = at.outages[0] if at.outages else None
    end = None
    if first and first.end_s is not None and first.end_event is not None:
        end = Moment(first.end_s, first.end_event, first.end_slack_s)
    return _recovery(judged, "TTM", "Time to mitigate", end)


def _ttr(judged: Judged) -> Metric:
    metric = _recovery(judged, "TTR", "Time to restore", judged.moments.restored)
    relapses = len(judged.moments.outages) - 1
    if relapses > 0 and metric.status == "measured":
        return _with(metric, f"with {relapses} relapse{'s' if relapses > 1 else ''} on the way")
    return metric


def _recovery(judged: Judged, name: str, title: str, end: Moment | None) -> Metric:
    heal = judged.facts.stages.get("heal")
    until = Moment(*heal) if heal else None
    return _between(
        judged,
        name,
        title,
        judged.moments.effect,
        end if _by_people(judged, end) else None,
        no_start=NO_EFFECT,
        no_end="people did not bring it back before the drill ended",
        until=until,
    )


def _adherence(judged: Judged) -> Metric:
    name, title, cadence = "update adherence", "Update adherence", judged.cadence
    if judged.moments.effect is None:
        return Metric(name, title, None, None, 0.0, None, None, "void", NO_EFFECT)
    if cadence.start is None:
        return Metric(
            name, title, None, 0.0, 0.0, None, cadence.end_event, "censored", "nobody wrote an update"
        )
    if cadence.length_s < judged.facts.inputs.protocol.updates.every:
        return Metric(name, title, None, None, 0.0, None, None, "void", "it was over within one period")
    share = round(1.0 - cadence.late_s / cadence.length_s, 4)
    detail = f"{cadence.kept} of {cadence.deadlines} deadlines kept, {cadence.late_s / 60:.0f} min late"
    return Metric(name, title, None, share, 0.0, cadence.start.event, cadence.end_event, "measured", detail)


def _silence(judged: Judged) -> Metric:
    name, title = "silence", "Longest silence"
    gap = judged.cadence.longest_silence
    if gap is None:
        return _between(
            judged,
            name,
            title,
            judged.moments.delivered,
            None,
            no_start="no page was delivered",
            no_end="nobody wrote a word after the page",
            until=Moment(judged.cadence.end_s, judged.cadence.end_event),
        )
    seconds, start, end = gap
    return Metric(name, title, round(seconds, 3), None, 0.0, start, end, "measured", "")


def _debt(judged: Judged) -> Metric:
    at = judged.moments
    name, title = "comms debt", "Communication debt"
    if at.mutated is not None and at.told is not None and at.told.s <= at.mutated.s:
        return Metric(
            name, title, 0.0, None, 0.0, at.mutated.event, at.told.event, "measured", "told before changing"
        )
    return _between(
        judged,
        name,
        title,
        at.mutated,
        at.told,
        no_start="nobody changed anything",
        no_end="things were changed and nobody was told",
        until=Moment(judged.cadence.end_s, judged.cadence.end_event),
    )


def _claim_error(judged: Judged) -> Metric:
    at = judged.moments
    name, title = "claim error", "Claim error"
    if at.restored is None or not _by_people(judged, at.restored):
        return Metric(name, title, None, None, 0.0, None, None, "void", "people did not bring it back")
    if at.fixed_claim is None:
        return Metric(name, title, None, None, 0.0, None, None, "void", "nobody said that it was fixed")
    metric = _between(judged, name, title, at.restored, at.fixed_claim, no_start="", no_end="")
    return _with(metric, "it was said before it was so") if metric.seconds and metric.seconds < 0 else metric


def _window(judged: Judged) -> Metric:
    at = judged.moments
    name, title = "observation window", "Observation window"
    if not _by_people(judged, at.restored):
        return Metric(name, title, None, None, 0.0, None, None, "void", "people did not bring it back")
    if at.all_clear and at.restored and at.all_clear.s < at.restored.s:
        return Metric(
            name,
            title,
            0.0,
            None,
            0.0,
            at.restored.event,
            at.all_clear.event,
            "measured",
            "the all-clear came while something was red",
        )
    heal = judged.facts.stages.get("heal")
    return _between(
        judged,
        name,
        title,
        at.restored,
        at.all_clear,
        no_start="",
        no_end="nobody gave the all-clear: not observed",
        until=Moment(*heal) if heal else None,
    )


_ALL: tuple[Callable[[Judged], Metric], ...] = (
    _ttd,
    _ttn,
    _tta,
    _ttroles,
    _tte,
    _ttc,
    _ttscope,
    _ttm,
    _ttr,
    _adherence,
    _silence,
    _debt,
    _claim_error,
    _window,
)
