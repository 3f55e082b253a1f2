"""When an incident is no longer small (P10): it lasts, or it hits too many teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.source import format_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blackstart.chain import Event
    from blackstart.review.health import Episode, Health
    from blackstart.review.inputs import Inputs

__all__ = ["Trigger", "trigger_of"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """From `at_s` on every role is due. `event` is what it follows from."""

    at_s: float
    event: Event
    why: str


def trigger_of(health: Health, troubles: Sequence[Episode], inputs: Inputs, end_s: float) -> Trigger | None:
    """The earlier of the two conditions. Time counts while something is red: the window of watching does not make an
    incident large. So many teams must be red for as long as a change has to last that is no flap.
    """
    found = [
        t for t in (_by_length(troubles, inputs, end_s), _by_teams(health, troubles, inputs, end_s)) if t
    ]
    return min(found, key=lambda trigger: trigger.at_s, default=None)


def _by_length(troubles: Sequence[Episode], inputs: Inputs, end_s: float) -> Trigger | None:
    longer_than = inputs.protocol.roles.trigger.longer_than
    for trouble in troubles:
        until_s = trouble.end.at_s if trouble.end else end_s
        if until_s - trouble.start.at_s > longer_than:
            why = f"it lasted longer than {format_duration(longer_than)}"
            return Trigger(trouble.start.at_s + longer_than, trouble.start.event, why)
    return None


def _by_teams(health: Health, troubles: Sequence[Episode], inputs: Inputs, end_s: float) -> Trigger | None:
    if not troubles:
        return None
    most, lasts = inputs.protocol.roles.trigger.more_teams_than, inputs.protocol.updates.state_change_lasts
    since: tuple[float, Event, int] | None = None
    for red in health.red_sets():
        teams = sum(1 for team in inputs.platform.teams.values() if red.probes & set(team.probes))
        if since and teams <= most:
            if red.at_s - since[0] >= lasts:
                break
            since = None
        elif (
            since is None
            and teams > most
            and red.event.seq >= troubles[0].start.event.seq
            and red.at_s <= end_s
        ):
            since = (red.at_s, red.event, teams)
    if since is None or end_s - since[0] < lasts:
        return None
    return Trigger(since[0], since[1], f"{since[2]} teams were red, more than {most}")
