"""Guard conditions of a scenario: when one holds, the drill is aborted and healed, as by a person's hand.

Judged on the same grid of drill time as the injects' conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from blackstart.drill.msel import on_grid
from blackstart.drill.signals import Interrupted
from blackstart.events import Event, ProbeChanged

if TYPE_CHECKING:
    from blackstart.people.base import Schedule
    from blackstart.scenario import AbortWhen

__all__ = ["Guard"]


class Guard:
    """Follows the probes that a scenario guards. A listener of the conductor; raises `Interrupted` in its loop."""

    def __init__(self, conditions: Sequence[AbortWhen], schedule: Schedule) -> None:
        self._conditions = conditions
        self._schedule = schedule
        self._red_since: dict[str, float] = {}

    def on_event(self, event: Event) -> None:
        if not isinstance(event.body, ProbeChanged):
            return
        probe = event.body.probe
        if event.body.state != "red":
            self._red_since.pop(probe, None)
            return
        self._red_since[probe] = event.drill_s
        for condition in self._conditions:
            if condition.probe == probe:
                due_s = on_grid(event.drill_s + condition.red_for)
                self._schedule.at(due_s, f"guard {probe}", self._check(condition, event.drill_s))

    def _check(self, condition: AbortWhen, since_s: float) -> Callable[[], None]:
        def check() -> None:
            if self._red_since.get(condition.probe) == since_s:
                raise Interrupted(f"{condition.probe} was red for {condition.red_for:g} s", how="guard")

        return check
