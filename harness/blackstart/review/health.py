"""What the probes said, as stretches: how each probe was at any event, and when things were broken."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from blackstart.review.stretches import Stretch, merged, without

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from blackstart.chain import Event
    from blackstart.review.timeline import Timeline

__all__ = ["Edge", "Episode", "Health", "ProbeSpan", "RedSet"]

State = Literal["green", "red", "missing"]

BLIND_INTERVALS = 2
"""A probe without an answer for more than so many intervals has not seen the window (notes, 6.2)."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A change of a probe: it lies between the sample before and this event, so it is known to `uncertainty_s`."""

    event: Event
    uncertainty_s: float

    @property
    def at_s(self) -> float:
        return self.event.drill_s


@dataclass(frozen=True, slots=True)
class ProbeSpan:
    """A stretch in which one probe's state did not change. `end` is None while it lasts."""

    probe: str
    state: State
    reason: str
    start: Edge
    end: Edge | None

    def stretch(self, until_s: float) -> Stretch:
        return self.start.at_s, self.end.at_s if self.end else until_s


@dataclass(frozen=True, slots=True)
class Episode:
    """From the first red probe to the instant at which all were green again, for good or at least for a while."""

    start: Edge
    end: Edge | None


@dataclass(frozen=True, slots=True)
class RedSet:
    """Which probes were not green from one round on."""

    event: Event
    probes: frozenset[str]

    @property
    def at_s(self) -> float:
        return self.event.drill_s


class Health:
    """Every probe's states, from the record's changes alone."""

    def __init__(self, line: Timeline) -> None:
        self._line = line
        self._spans: dict[str, list[ProbeSpan]] = {}
        self._seqs: dict[str, list[int]] = {}
        self._read()

    @property
    def interval_s(self) -> float:
        """Drill seconds between two rounds: the probes' real interval, times the pace."""
        return self._line.opened.probe_interval_s * self._line.opened.pace

    def _edge(self, event: Event, since_s: float) -> Edge:
        """Known to one interval; in a stretch that was jumped over, to the two samples on its sides."""
        return Edge(event, round(max(self.interval_s, event.drill_s - since_s), 3))

    def _read(self) -> None:
        found: dict[str, list[tuple[Edge, State, str]]] = defaultdict(list)
        for event, body, _ in self._line.changes:
            found[body.probe].append((self._edge(event, body.since_s), body.state, body.reason))
        for probe, states in found.items():
            ends: list[Edge | None] = [edge for edge, _, _ in states[1:]] + [None]
            self._spans[probe] = [
                ProbeSpan(probe, state, reason, edge, end)
                for (edge, state, reason), end in zip(states, ends, strict=True)
            ]
            self._seqs[probe] = [edge.event.seq for edge, _, _ in states]

    def probes(self) -> list[str]:
        """Every probe that was declared or read, in the order of the record."""
        return list(dict.fromkeys([*self._line.declared, *self._spans]))

    def of(self, *kinds: str) -> list[str]:
        """The probes that watch such things: component, capability, team."""
        return [name for name, body in self._line.declared.items() if body.of in kinds]

    def spans(self, probe: str) -> Sequence[ProbeSpan]:
        return self._spans.get(probe, ())

    def state_at(self, probe: str, seq: int) -> State:
        """How a probe was when that event happened; "missing" before it was first read."""
        span = self._span_at(probe, seq)
        return span.state if span else "missing"

    def _span_at(self, probe: str, seq: int) -> ProbeSpan | None:
        index = bisect_left(self._seqs.get(probe, ()), seq)
        return self._spans[probe][index - 1] if index else None

    def turned_s(self, probe: str, seq: int) -> float | None:
        """Since when the probe was as it was then."""
        span = self._span_at(probe, seq)
        return span.start.at_s if span else None

    def red(self, probes: Collection[str], until_s: float) -> list[Stretch]:
        """When at least one of them was red."""
        return merged(
            span.stretch(until_s) for probe in probes for span in self.spans(probe) if span.state == "red"
        )

    # --- broken, and whole again ------------------------------------------------------------------

    def episodes(
        self, probes: Collection[str], after_seq: int, until_seq: int, sustained_s: float
    ) -> list[Episode]:
        """Each time of trouble among these probes from one event up to another. A recovery shorter than `sustained_s` is a
        flap: the trouble goes on through it. The last one has no end when it was not seen to be over for that long.
        """
        joined: list[Episode] = []
        for episode in self._raw_episodes(set(probes), after_seq, until_seq):
            before = joined[-1] if joined else None
            if before and before.end and episode.start.at_s - before.end.at_s < sustained_s:
                joined[-1] = Episode(before.start, episode.end)
            else:
                joined.append(episode)
        if joined and (last := joined[-1].end) and self._line.end_s - last.at_s < sustained_s:
            joined[-1] = Episode(joined[-1].start, None)
        return joined

    def _raw_episodes(self, probes: set[str], after_seq: int, until_seq: int) -> Iterator[Episode]:
        not_green: set[str] = set()
        start: Edge | None = None
        for event, body, _ in self._line.changes:
            if body.probe not in probes or event.seq >= until_seq:
                continue
            if body.state == "green":
                not_green.discard(body.probe)
            else:
                not_green.add(body.probe)
            if event.seq < after_seq:
                continue
            if start is None and body.state == "red":
                start = self._edge(event, body.since_s)
            elif start is not None and not not_green:
                yield Episode(start, self._edge(event, body.since_s))
                start = None
        if start is not None:
            yield Episode(start, None)

    def red_sets(self) -> list[RedSet]:
        """Which probes were not green, round by round, whenever that changed."""
        now: set[str] = set()
        found: list[RedSet] = []
        last_round, last_s = -1, 0.0
        for event, body, number in self._line.changes:
            if body.state == "green":
                now.discard(body.probe)
            else:
                now.add(body.probe)
            same = number == last_round and event.drill_s - last_s < self.interval_s
            if same and found:
                found[-1] = RedSet(found[-1].event, frozenset(now))
            else:
                found.append(RedSet(event, frozenset(now)))
                last_s = event.drill_s
            last_round = number
        return found

    # --- what was not seen ------------------------------------------------------------------------

    def blind(self, probes: Collection[str]) -> list[Stretch]:
        """When one of the probes had no answer, or no round was taken, for more than two intervals.

        A jump is no blindness: time is declared to have been skipped, with a round on both sides.
        """
        longest = BLIND_INTERVALS * self.interval_s
        end_s = self._line.end_s
        silent = [
            span.stretch(end_s) for probe in probes for span in self.spans(probe) if span.state == "missing"
        ]
        gaps = self._gaps(longest)
        return merged(
            [stretch for stretch in silent if stretch[1] - stretch[0] > longest]
            + [stretch for stretch in without(gaps, self._line.jumps) if stretch[1] - stretch[0] > longest]
        )

    def _gaps(self, longest: float) -> list[Stretch]:
        rounds = self._line.rounds
        return [
            (earlier, later) for earlier, later in itertools.pairwise(rounds) if later - earlier > longest
        ]
