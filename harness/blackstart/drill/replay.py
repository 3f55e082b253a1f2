"""A drill that is resumed plays its own record first, through the code that runs every drill.

Crew, pager, injects and stages do all again that they did, at the same instants; but what they emit is matched with
what is on record instead of being written, probes are what they were, commands are not typed and faults not
injected. So everything is as it was in memory when the harness died. After the last event on record, life goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from blackstart.errors import UsageError
from blackstart.events import Body, CommandFinished, Event, FaultIntended, ProbesSampled

if TYPE_CHECKING:
    from blackstart.clock import DrillClock, ResumedTime

__all__ = ["Diverged", "Replay"]

EXTERNAL = frozenset(
    {
        "probes.sampled",
        "probe.changed",
        "clock.jumped",
        "audit.seen",
        "component.exited",
        "container.changed",
        "alert.received",
        "alerts.unread",
        "shell.opened",
        "harness.error",
        "drill.resumed",
        "fault.reinjected",
    }
)
"""Kinds that come from outside the drill's own doing, or that a replay cannot cause: taken as they come."""


MICROSECOND = 1e-6
"""Drill seconds are kept so exactly (`clock.stamp`): moments that are closer are one."""


class Diverged(UsageError):
    """The drill would do something else now than what is on record: nothing may be added to that."""


class Replay:
    """The record of a drill, taken event by event. `heard` is told of each; `over` is called after the last.

    `left` is called in its place when the rest is not to be played. Errors: Diverged.
    """

    def __init__(
        self,
        events: Iterable[Event],
        time: ResumedTime,
        clock: DrillClock,
        heard: Callable[[Event], None],
        over: Callable[[], None],
        left: Callable[[], None] = lambda: None,
    ) -> None:
        self._events = deque(events)
        self._ends_s = self._events[-1].drill_s
        self._time = time
        self._clock = clock
        self._heard = heard
        self._over = over
        self._left = left

    def __bool__(self) -> bool:
        """Whether something is left to be replayed."""
        return bool(self._events)

    def leave(self) -> None:
        """Play no more of it. Time stands at its end."""
        if self._events:
            self._events.clear()
            self._stand_at(self._ends_s)
        self._left()

    def _stand_at(self, drill_s: float) -> None:
        self._time.move_to(drill_s)
        self._clock.replay_to(drill_s)

    def _next(self) -> Event:
        """Take one event: time stands at it, and whoever listens hears of it."""
        event = self._events.popleft()
        self._stand_at(event.drill_s)
        self._heard(event)
        if not self._events:
            self._over()
        return event

    def emitted(self, body: Body, actor: str) -> Event | None:
        """The event on record for something that the drill does again; None when the record ends before it."""
        while self._events and self._events[0].kind in EXTERNAL and self._events[0].kind != body.kind:
            self._next()
        if not self._events:
            return None
        found = self._events[0]
        if found.kind != body.kind or found.actor != actor:
            raise _differs(found, f"{body.kind} by {actor}")
        return self._next()

    def round(self) -> bool:
        """Take the next round of probes; False when the record has none before something else happens."""
        while self._events and self._events[0].kind in EXTERNAL:
            if isinstance(self._next().body, ProbesSampled):
                while self._events and self._events[0].kind == "probe.changed":
                    self._next()
                return True
        return False

    def advance(self, target_s: float, now_s: float) -> None:
        """Come closer to that drill second, as far as the record goes before the drill does something itself."""
        upcoming = self._events[0]
        if upcoming.kind in EXTERNAL:
            self._next()
            return
        goal_s = target_s if target_s < upcoming.drill_s + MICROSECOND else upcoming.drill_s
        if goal_s <= now_s:
            raise _differs(upcoming, f"nothing until {target_s:g} s")
        self._stand_at(goal_s)

    def intent(self, fault: str) -> FaultIntended | None:
        """What is on record of a fault's intent, which a second `prepare` could not tell; None when it never came to it."""
        for event in self._events:
            if isinstance(event.body, FaultIntended) and event.body.fault == fault:
                return event.body
        return None

    def upcoming(self) -> Event | None:
        """What the drill itself did next; None when the record has nothing more of it."""
        return next((event for event in self._events if event.kind not in EXTERNAL), None)

    def command(self, who: str, line: str) -> CommandFinished | None:
        """What came of a command; None when it was not finished: then it is typed again."""
        started = self._started(who, line)
        while started is not None and self._resumed_at_it():
            started = self._started(who, line)
        if started is None:
            return None
        finished = self._command_event("command.finished", who, lambda body: body.command == started.command)
        return finished if isinstance(finished, CommandFinished) else None

    def _started(self, who: str, line: str) -> Any:
        return self._command_event("command.started", who, lambda body: body.line.shown == line)

    def _resumed_at_it(self) -> bool:
        """Whether an earlier harness died at the command that was just begun: its successor had it typed again."""
        own = (event.kind for event in self._events if event.kind not in EXTERNAL)
        return next(own, "") == "command.started"

    def _command_event(self, kind: str, who: str, fits: Callable[[Any], bool]) -> Any:
        while self._events and self._events[0].kind in EXTERNAL:
            self._next()
        if not self._events:
            return None
        found = self._events[0]
        if found.kind != kind or found.actor != who or not fits(found.body):
            raise _differs(found, f"{kind} by {who}")
        return self._next().body


def _differs(found: Event, instead: str) -> Diverged:
    return Diverged(
        f"the drill cannot be resumed: event {found.seq} of its record is {found.kind} by {found.actor} at "
        f"{found.drill_s:g} s, and this version would do otherwise ({instead})",
        hint="nothing was added to it: the version that wrote it can go on, or blackstart recover ends the drill",
    )
