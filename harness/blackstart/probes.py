"""One sampler, many probes: reads them side by side, records every round and every change of state.

A round waits for every probe, so the events of a round stand in the probes' declared order on any machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal, Protocol, cast

from blackstart.events import Body, Event, ProbeChanged, ProbeDeclared, ProbesSampled, Source
from blackstart.record.store import WriteFailed
from blackstart.replica.base import Reading

if TYPE_CHECKING:
    from blackstart.clock import DrillClock, Instant
    from blackstart.replica.base import Probe

__all__ = ["INTERVAL_S", "Sampler"]

INTERVAL_S = 1.0
"""Real seconds between rounds: the notes' evidence shorthand asks for 1 s black-box probes."""

GAP_S = 0.05
"""Real seconds from the end of a round that took an interval to the next one: others want a round too, in between."""


State = Literal["green", "red", "missing"]


class Emit(Protocol):
    """Puts one event on record, stamped now."""

    def __call__(self, body: Body, *, actor: str, source: Source) -> Event: ...


class Sampler:
    """Reads all probes of a replica. Owns a thread pool; the owner calls `close`."""

    def __init__(self, probes: Sequence[Probe], clock: DrillClock, emit: Emit) -> None:
        self.probes = tuple(probes)
        self._clock = clock
        self._emit = emit
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(self.probes)), thread_name_prefix="probe")
        self._one_round = threading.Lock()
        self._threads: list[tuple[threading.Thread, threading.Event]] = []
        self._states: dict[str, Reading] = {}
        self._last_s = 0.0
        self._begun: Instant | None = None
        self._last_round: Instant | None = None
        self.recorded: Callable[[], bool] | None = None
        """Takes a round from the record in place of reading; False once the record has no more (`drill.replay`)."""

    def declare(self) -> None:
        """Put on record which probes there are."""
        for probe in self.probes:
            body = ProbeDeclared(probe.name, probe.of, probe.subject, INTERVAL_S)
            self._emit(body, actor=probe.name, source="probe")

    def take(self, event: Event) -> None:
        """Believe what is on record already, as if it had been read now (`drill.replay`)."""
        match event.body:
            case ProbesSampled(states=states, latency_ms=latencies):
                for name, state in states.items():
                    known = self._states.get(name)
                    reason = known.reason if known and known.state == state else ""
                    self._states[name] = Reading(cast(State, state), reason, latencies.get(name, 0.0))
                self._last_s = event.drill_s
            case ProbeChanged(probe=probe, state=state, reason=reason):
                self._states[probe] = Reading(state, reason)
            case _:
                pass

    def round(self) -> Mapping[str, Reading]:
        """Read every probe once, record the round and what changed. One round at a time."""
        if self.recorded is not None and self.recorded():
            return self._states
        with self._one_round:
            self._begun = self._clock.source.now()
            readings = dict(zip(self._names(), self._pool.map(_read, self.probes), strict=True))
            began = self._last_s
            self._record(readings, began)
            self._states.update(readings)
            self._last_s = round(self._clock.seconds(), 6)
            self._last_round = self._clock.source.now()
            return readings

    def _names(self) -> list[str]:
        return [probe.name for probe in self.probes]

    def _record(self, readings: Mapping[str, Reading], since_s: float) -> None:
        states = {name: reading.state for name, reading in readings.items()}
        latencies = {name: round(reading.latency_ms, 1) for name, reading in readings.items()}
        self._emit(ProbesSampled(dict(states), latencies), actor="sampler", source="probe")
        for name, reading in readings.items():
            before = self._states.get(name)
            if before is None or before.state != reading.state:
                changed = ProbeChanged(name, reading.state, reading.reason, since_s)
                self._emit(changed, actor=name, source="probe")

    def state(self, name: str) -> str:
        """The last known state of one probe; "missing" before its first reading."""
        reading = self._states.get(name)
        return reading.state if reading else "missing"

    def not_green(self) -> dict[str, str]:
        """Every probe that is not green, with its reason."""
        return {
            name: reading.reason or reading.state
            for name, reading in self._states.items()
            if reading.state != "green"
        }

    def all_green(self) -> bool:
        """Whether every probe has been read and was green."""
        return len(self._states) == len(self.probes) and not self.not_green()

    def fresh(self) -> bool:
        """Whether the last round is at most one interval of real time ago."""
        if self._last_round is None:
            return False
        return self._clock.source.now().seconds_since(self._last_round) <= INTERVAL_S

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """While the block runs, a round every interval of real time, on a thread of its own."""
        stop = threading.Event()
        thread = threading.Thread(target=self._sample_until, args=(stop,), name="sampler", daemon=True)
        self._threads.append((thread, stop))
        try:
            thread.start()  # within: a signal may come while it starts
            yield
        finally:
            stop.set()
        thread.join()  # not on an abort: undoing comes first, and a round may wait for a server that never answers

    def _sample_until(self, stop: threading.Event) -> None:
        while not stop.wait(self._due_in_s()):
            with suppress(WriteFailed):  # a full disk: the drill's own thread says so
                self.round()

    def _due_in_s(self) -> float:
        """Real seconds to the next round: an interval from the last one's beginning, also from one before this sampling.

        Else many short blocks in a row, each with a sampling of its own, would see none at all.
        """
        if self._begun is None:
            return INTERVAL_S
        return max(GAP_S, INTERVAL_S - self._clock.source.now().seconds_since(self._begun))

    def close(self) -> None:
        """End all threads; readings under way finish first (each is bounded by its probe's timeout)."""
        for thread, stop in self._threads:
            stop.set()
            if thread.is_alive():
                thread.join()
        self._pool.shutdown(wait=True)


def _read(probe: Probe) -> Reading:
    """One reading. A probe of another package may raise: then nothing is known of its subject."""
    try:
        return probe.read()
    except Exception as error:
        return Reading("missing", f"the probe failed: {type(error).__name__}: {error}")
