"""Whether the platform is back: follows the probes that count, and the all-clear."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from blackstart.claims import claims_all_clear
from blackstart.errors import BlackstartError, InvalidDrill, ReplicaError
from blackstart.events import (
    CommandFinished,
    CommandStarted,
    ComponentExited,
    ContainerChanged,
    Event,
    FreeText,
    ProbeChanged,
    ThreadPosted,
)
from blackstart.replica.telling import Equipped

if TYPE_CHECKING:
    from blackstart.drill.drill import Drill
    from blackstart.drill.happenings import End

__all__ = ["Recovery"]

LAST_WORDS_S = 60.0
"""Drill seconds between the all-clear and the end of the drill."""


AFTERMATH_S = 30.0
"""Drill seconds after a participant's command in which the end of a server may be its doing."""


class Recovery:
    """Follows the probes: when all that count are green again, and for how long. A listener of the conductor.

    `awaited` is how many injections of the schedule were not seen yet.
    """

    def __init__(self, drill: Drill) -> None:
        self._drill = drill
        self._red: set[str] = set()
        self._green_since_s: float | None = None
        self.awaited = 0
        self._all_clear_s: float | None = None
        self._reported: set[str] = set()
        self._at_work: set[str] = set()
        self._worked_s = -math.inf

    def expect_fault(self) -> None:
        """Recovery counts only after every fault of the schedule was seen, at each of its turns."""
        self.awaited = sum(armed.turns for armed in self._drill.armed)

    def fault_seen(self) -> None:
        self.awaited -= 1

    def on_event(self, event: Event) -> None:
        match event.body:
            case ProbeChanged(probe=probe, state=state):
                self._on_probe(probe, state == "green", event.drill_s)
            case ThreadPosted(bot=False, text=text) if claims_all_clear(text.shown, self._drill.protocol):
                self._all_clear_s = event.drill_s
            case CommandStarted(command=command):
                self._at_work.add(command)
            case CommandFinished(command=command):
                self._at_work.discard(command)
                self._worked_s = event.drill_s
            case ComponentExited(component=component):
                self._reported.add(component)
            case ContainerChanged(what="destroy", asked=False, component=component):
                self._reported.discard(
                    component
                )  # it was dead before, perhaps; now nobody can start it again
                self._note_exits()
            case ContainerChanged(what="die", asked=False):
                self._note_exits()
            case ContainerChanged(what="start", component=component):
                self._reported.discard(component)
            case _:
                pass

    def _on_probe(self, probe: str, green: bool, drill_s: float) -> None:
        counted = self._drill.scenario.recovered.probes
        if counted and probe not in counted:
            return
        if not green:
            self._red.add(probe)
            self._green_since_s = None
            self._note_exits()
        else:
            self._red.discard(probe)
            if not self._red:
                self._green_since_s = drill_s
                self._wake_at(drill_s + self._sustained_s())

    def _note_exits(self) -> None:
        """A red probe may mean a dead server: say so, once, with its last lines."""
        if self._drill.conductor.replaying() or self._drill.ended:
            return
        for component, code in self._exited().items():
            if component not in self._reported:
                self._reported.add(component)
                end = self._drill.happenings.end_of(component)
                self._drill.emit(ComponentExited(component, code, self._last_lines(component), end.how))
                self._demand_a_cause(component, code, end)

    def _last_lines(self, component: str) -> FreeText:
        """Empty where they cannot be had: that it ended is the news."""
        with suppress(OSError, BlackstartError):
            lines = self._drill.replica.log(component).read_text("utf-8", "replace").splitlines()
            return FreeText.of("\n".join(lines[-5:]))
        return FreeText.of("")

    def _exited(self) -> Mapping[str, int]:
        try:
            return self._drill.replica.exited()
        except ReplicaError as error:
            raise InvalidDrill(
                f"the replica cannot be asked any more: {error.message}", hint=error.hint
            ) from error

    def _demand_a_cause(self, component: str, code: int, end: End) -> None:
        """A server may end by a fault that is aimed at it, or by people's hands. By itself, nobody is scored on it.

        A fault is no excuse for what somebody else had docker do, nor is work for what no command of people's does.
        """
        aimed = self._drill.faults.aimed_at(component)
        beyond = end.for_good or self._beyond_people(component)
        if (aimed and not end.by_hand) or (self._working() and not beyond):
            return
        how = end.how or f"by itself (exit code {code})"
        no_fault = "the fault that is aimed at it does no such thing" if aimed else "no fault was aimed at it"
        no_work = "no command of people's does that" if beyond else "nobody was at work"
        raise InvalidDrill(
            f"{component} ended {how}: {no_fault}, and {no_work}",
            hint=f"nobody is scored; its last lines are in the record, its log is {component}.log in the drill's folder",
        )

    def _beyond_people(self, component: str) -> bool:
        replica = self._drill.replica
        return isinstance(replica, Equipped) and component in replica.machinery()

    def _working(self) -> bool:
        """Whether somebody is, or was a moment ago."""
        return bool(self._at_work) or self._drill.conductor.now() - self._worked_s <= AFTERMATH_S

    def _sustained_s(self) -> float:
        sustained = self._drill.scenario.recovered.sustained
        return self._drill.protocol.sustained if sustained is None else sustained

    def _wake_at(self, drill_s: float) -> None:
        self._drill.conductor.at(drill_s, "look at the probes", lambda: None)

    def recovered(self) -> bool:
        """Whether every fault was seen and everything that counts has been green for long enough."""
        return self.awaited <= 0 and self._green_for(self._sustained_s())

    def _green_for(self, seconds: float) -> bool:
        since = self._green_since_s
        return since is not None and self._drill.conductor.now() >= since + seconds

    def window(self, window_s: float, patience_s: float) -> Callable[[], bool]:
        """What ends the observation: a clean window and an all-clear, or `patience_s` more without one.

        After the all-clear the drill goes on for a moment: people post the last entry of the status page then.
        """
        woken: set[float] = set()

        def wake(*instants: float) -> None:
            for instant in instants:
                if instant not in woken:
                    woken.add(instant)
                    self._wake_at(instant)

        def done() -> bool:
            since, told = self._green_since_s, self._all_clear_s
            if since is None:
                return False
            if told is None:
                wake(since + window_s + patience_s)
                return self._green_for(window_s + patience_s)
            wake(since + window_s, told + LAST_WORDS_S)
            return self._green_for(window_s) and self._drill.conductor.now() >= told + LAST_WORDS_S

        return done
