"""The injects: scripted messages, by the schedule or when a condition holds (the field's MSEL).

Conditions are judged on a 15 s grid of drill time, as an alert manager evaluates its rules, so that the
same drill has the same instants on any machine. Where the replica monitors itself, a page that hangs on a probe
is its monitoring's to send (`drill/alerting.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from blackstart.claims import claims_all_clear, claims_fixed
from blackstart.events import Event, FaultEffective, InjectDelivered, ProbeChanged, ThreadPosted

if TYPE_CHECKING:
    from blackstart.drill.alerting import Alerting
    from blackstart.drill.conductor import Conductor
    from blackstart.people.pager import Pager
    from blackstart.people.thread import Threads
    from blackstart.protocol import Protocol
    from blackstart.scenario import Inject

__all__ = ["GRID_S", "Injects", "on_grid"]

GRID_S = 15.0
"""Drill seconds between two evaluations of a condition (Prometheus' usual evaluation interval)."""


def on_grid(drill_s: float) -> float:
    """The first evaluation at or after that drill second."""
    return math.ceil(round(drill_s, 6) / GRID_S) * GRID_S


class Injects:
    """Delivers a scenario's injects. A listener of the conductor."""

    def __init__(
        self,
        injects: list[Inject],
        conductor: Conductor,
        pager: Pager,
        threads: Threads,
        protocol: Protocol,
        alerting: Alerting,
    ) -> None:
        self._injects = injects
        self._conductor = conductor
        self._pager = pager
        self._threads = threads
        self._protocol = protocol
        self._alerting = alerting
        self._red_since: dict[str, float] = {}
        self._fired: set[str] = set()
        self._spoken_s = 0.0
        self._waiting = False

    def begin(self, start_s: float) -> None:
        """Put everything that goes by the schedule on the agenda; instants count from `start_s`."""
        for inject in self._injects:
            if inject.at is not None:
                self._conductor.at(start_s + inject.at, inject.id, self._delivery(inject))

    def on_event(self, event: Event) -> None:
        """Follow probes and the incident thread, for the injects that wait on a condition."""
        match event.body:
            case ProbeChanged(probe=probe, state=state):
                self._on_probe(probe, state == "red", event.drill_s)
            case FaultEffective():
                self._await_words(event.drill_s)
            case ThreadPosted(channel=self._protocol.thread.name, bot=False, text=text):
                self._on_words(text.shown, event.drill_s)
            case _:
                pass

    # --- a probe that stays red -----------------------------------------------------------------

    def _on_probe(self, probe: str, red: bool, drill_s: float) -> None:
        if not red:
            self._red_since.pop(probe, None)
            return
        self._red_since[probe] = drill_s
        for inject in self._injects:
            if inject.when and inject.when.probe == probe and inject.when.red_for is not None:
                check = self._red_check(inject, probe, drill_s)
                self._conductor.at(on_grid(drill_s + inject.when.red_for), inject.id, check)

    def _red_check(self, inject: Inject, probe: str, since_s: float) -> Callable[[], None]:
        def check() -> None:
            if self._red_since.get(probe) == since_s and inject.id not in self._fired:
                self._fired.add(inject.id)
                self._delivery(inject)()

        return check

    # --- silence in the thread ------------------------------------------------------------------

    def _await_words(self, drill_s: float) -> None:
        """Something broke: from now on silence makes teams ask, until they are told that it is over."""
        self._waiting = True
        self._restart_silence(drill_s)

    def _on_words(self, text: str, drill_s: float) -> None:
        if claims_fixed(text, self._protocol) or claims_all_clear(text, self._protocol):
            self._waiting = False
        self._restart_silence(drill_s)

    def _restart_silence(self, drill_s: float) -> None:
        self._spoken_s = drill_s
        for inject in self._injects:
            if inject.when and inject.when.silence is not None:
                self._schedule_silence(inject, inject.when.silence, drill_s)

    def _schedule_silence(self, inject: Inject, silence: float, since_s: float) -> None:
        spoken_s = self._spoken_s

        def check() -> None:
            if self._waiting and self._spoken_s == spoken_s:
                self._delivery(inject)()
                self._schedule_silence(inject, silence, since_s + silence)

        self._conductor.at(on_grid(since_s + silence), inject.id, check)

    # --- delivery -------------------------------------------------------------------------------

    def _delivery(self, inject: Inject) -> Callable[[], None]:
        def deliver() -> None:
            if inject.type == "page":
                message = self._page(inject)
            else:
                message = self._threads.post_scripted(inject.sender, inject.to, inject.text)
            if message:
                body = InjectDelivered(inject.id, inject.type, message)
                self._conductor.emit(body, actor="harness", source="harness")

        return deliver

    def _page(self, inject: Inject) -> str:
        """Fire the page, or have the replica's monitoring fire it; an empty text when nobody was paged."""
        probe = inject.when.probe if inject.when and inject.when.probe else ""
        if not (probe and self._alerting.begun):
            return self._pager.fire(probe, inject.text)
        page = self._alerting.page(inject, probe)
        if page is None:  # the trouble was over first: the next stretch of it counts anew
            self._fired.discard(inject.id)
        return page or ""
