"""The conductor's loop: drives drill time from one action to the next, on one thread.

Everything that changes the drill happens here: actions from the agenda, and listeners told of each event in
the order of the record. With the jump clock, time goes straight to the next action, with a round of probes on
both sides of every jump; with the others, it waits, and a thread samples the probes meanwhile.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from blackstart.clock import DrillClock, JumpClock, stamp
from blackstart.drill.agenda import Agenda
from blackstart.events import Body, ClockJumped, Event, Source

if TYPE_CHECKING:
    from blackstart.drill.replay import Replay
    from blackstart.probes import Sampler
    from blackstart.record.store import Record

__all__ = ["Conductor", "Listener"]

Listener = Callable[[Event], None]

SETTLE_S = 1.0
"""Real seconds in which a change that was just made must show: one probe interval."""

ROUND_GAP_S = 0.05
"""Real seconds between two rounds while a change is awaited: many looks, and the servers keep their processor."""


LONGEST_COMMAND_S = 180.0
"""Real seconds in which a participant's command is over: its own limit is 120, ending it takes some more."""

LONGEST_WAIT_S = 5.0
"""Real seconds that the loop waits at most before it shows that it is well."""


class Conductor:
    """Owns the agenda and the listeners of one drill. `emit` may be called from any thread."""

    def __init__(self, clock: DrillClock, record: Record) -> None:
        self.clock = clock
        self.record = record
        self.agenda = Agenda()
        self.listeners: list[Listener] = []
        self.sampler: Sampler | None = None
        self._told: deque[Event] = deque()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._effect_pending = False
        self.replay: Replay | None = None
        """The record of a drill that is resumed, until all of it was taken."""
        self.at_once: list[Listener] = []
        """Told of what is on record already as soon as it is taken, before the loop comes round to listeners."""
        self._at_life: list[Callable[[], None]] = []
        self.jumped: Callable[[float], None] = lambda seconds: None
        """Told of each jump before the probes are read: what the replica keeps for a time gets older by it."""
        self.beat: Callable[[float], None] = lambda seconds: None
        """Told again and again that the loop is well, and when it will be back at the latest, in real seconds."""

    # --- a drill that is resumed ----------------------------------------------------------------

    def replaying(self) -> bool:
        """Whether the record is still being played: nothing real may be done."""
        return bool(self.replay)

    def at_life(self, action: Callable[[], None]) -> None:
        """Have something done when the record is played and life goes on; now, when it does already."""
        if self.replaying():
            self._at_life.append(action)
        else:
            action()

    def replay_round(self) -> bool:
        """Take a round of probes from the record, when that has one (`probes.Sampler.recorded`)."""
        return self.replay is not None and self.replay.round()

    def hear(self, event: Event) -> None:
        """An event that is on record already: the sampler and the listeners take it as if it came now."""
        if self.sampler is not None:
            self.sampler.take(event)
        for taker in self.at_once:
            taker(event)
        self._told.append(event)

    def come_alive(self) -> None:
        """The record is played: from here on everything is real."""
        self.replay = None
        actions, self._at_life = self._at_life, []
        for action in actions:
            action()

    def leave_replay(self) -> None:
        """Play no more of the record: the drill is to be ended. Nobody hears any more of what was taken from it."""
        if self.replay is not None:
            self._told.clear()
            self.replay.leave()

    # --- events ---------------------------------------------------------------------------------

    def emit(self, body: Body, *, actor: str, source: Source) -> Event:
        """Put an event on record, stamped now; returns when it is on disk. Listeners hear of it in the loop."""
        if self.replay and (known := self.replay.emitted(body, actor)):
            return known
        with self._lock:  # the stamp and the place in the record must agree in order
            event = self.record.append(body, stamp=stamp(self.clock), actor=actor, source=source)
            self._told.append(event)
        self._wake.set()
        return event

    def dispatch(self) -> None:
        """Tell every listener of every event since the last time, in order."""
        while self._told:
            event = self._told.popleft()
            for listener in self.listeners:
                listener(event)

    # --- time -----------------------------------------------------------------------------------

    def now(self) -> float:
        """Drill seconds since the start."""
        return self.clock.seconds()

    def at(self, drill_s: float, name: str, action: Callable[[], None], *, first: bool = False) -> None:
        """Put an action on the agenda (`people.base.Schedule`), `first` before the others of its instant."""
        self.agenda.at(drill_s, name, action, first=first)

    def run_until(self, done: Callable[[], bool], limit_s: float) -> bool:
        """Do what is due, in order, until `done` or the drill second `limit_s`; returns whether it was done."""
        while True:
            self.beat(0.0)
            self.dispatch()
            if done():
                return True
            due = self.agenda.next_s()
            target = limit_s if due is None else min(due, limit_s)
            if target > self.now():
                self._advance(target)
            elif due is not None and due <= self.now():
                self.agenda.take().action()
            else:
                return False

    def _advance(self, target: float) -> None:
        """Come closer to that drill second; may stop early when something happened that needs a look."""
        if self.replay:
            self.replay.advance(target, self.now())
        elif not isinstance(self.clock, JumpClock):
            self._wake.wait(min(self.clock.real_seconds_until(target), LONGEST_WAIT_S))
            self._wake.clear()
        elif self._effect_pending:
            self._effect_pending = False
            self.watch(self.probes().all_green, SETTLE_S)
        elif not self.probes().fresh():
            self.probes().round()
        else:
            self._jump(self.clock, target)

    def _jump(self, clock: JumpClock, target: float) -> None:
        began = clock.seconds()
        clock.jump_to(target)
        self.emit(ClockJumped(round(began, 6), round(target, 6)), actor="harness", source="harness")
        self.jumped(target - began)
        self.probes().round()

    def probes(self) -> Sampler:
        """The drill's sampler. RuntimeError before the replica is up."""
        if self.sampler is None:
            raise RuntimeError("time cannot move before the probes are declared")
        return self.sampler

    def effect_pending(self) -> None:
        """Somebody changed something: before time jumps, the probes get one interval to see it."""
        self._effect_pending = True

    def watch(self, seen: Callable[[], bool], real_limit_s: float) -> bool:
        """Sample in real time until `seen` or the limit (real seconds); returns whether it was seen.

        Drill time runs meanwhile. The rounds go on back to back so that an edge is known to milliseconds.
        """
        while self.replay and self.replay.round():
            if seen():
                return True
        if self.replaying():
            return seen()
        source = self.clock.source
        began = source.now()
        with self.clock.running():
            while True:
                self.beat(0.0)
                self.probes().round()
                if seen():
                    return True
                if source.now().seconds_since(began) >= real_limit_s:
                    return False
                source.sleep(ROUND_GAP_S)

    @contextmanager
    def real(self) -> Iterator[None]:
        """Something real is under way (a command): drill time runs, and probes are sampled every interval."""
        self.beat(LONGEST_COMMAND_S)
        with self.clock.running():
            if isinstance(self.clock, JumpClock) and self.sampler is not None and not self.replaying():
                with self.sampler.sampling():
                    yield
            else:
                yield

    @contextmanager
    def sampled(self) -> Iterator[None]:
        """For the whole of a drill in real or paced time: probes are sampled all along."""
        with ExitStack() as stack:
            stack.callback(self._at_life.clear)  # a replay that ends behind the block begins no sampling
            if not isinstance(self.clock, JumpClock):
                self.at_life(lambda: stack.enter_context(self.probes().sampling()))
            yield
