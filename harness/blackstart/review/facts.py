"""What metrics and rules are computed from: the record's timeline and what follows from it, each worked out once.

The names of the instants are those of the notes (6.1): `effect` is e_eff, `alert` e_alert, `told` e_comm and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from blackstart.claims import claims_all_clear, claims_fixed
from blackstart.review import actions
from blackstart.review.alignment import Alignment, align
from blackstart.review.health import Edge, Episode, Health
from blackstart.review.holding import Holding
from blackstart.review.impact import Reader
from blackstart.review.inputs import Inputs, inputs_of
from blackstart.review.promises import Post, covered, posts_of
from blackstart.review.size import Trigger, trigger_of
from blackstart.review.stretches import Stretch, clipped, without
from blackstart.review.timeline import FaultFact, Message, Page, Timeline, timeline_of
from blackstart.review.wording import acknowledgement_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from blackstart.chain import Event
    from blackstart.review.actions import Action

__all__ = ["Facts"]


@dataclass
class Facts:
    """Everything about one drill. Instants that never came are None."""

    line: Timeline
    inputs: Inputs
    health: Health = field(init=False)

    def __post_init__(self) -> None:
        self.health = Health(self.line)

    @classmethod
    def of(cls, events: Sequence[Event]) -> Facts:
        """Errors: RecordError and InputError for a record that cannot be judged."""
        line = timeline_of(events)
        return cls(line, inputs_of(line.opened))

    # --- the drill --------------------------------------------------------------------------------

    @property
    def end_s(self) -> float:
        """Where judged time ends, in drill seconds."""
        return self.line.end_s

    @cached_property
    def start(self) -> datetime:
        """The drill's start, UTC."""
        return datetime.fromisoformat(self.line.opened.start)

    def utc(self, drill_s: float) -> datetime:
        """A drill second as the drill's own time of day."""
        return self.start + timedelta(seconds=drill_s)

    @cached_property
    def invalid(self) -> str:
        """Why nobody is scored, or an empty text."""
        for fault in self.line.faults.values():
            if fault.ineffective:
                return f"the fault {fault.body.fault} had no effect"
        if self.line.steady_failed:
            return "the replica was never steady"
        if self.line.ended and self.line.ended[1].reason in ("invalid", "error"):
            return self.line.ended[1].why or f"the drill ended as {self.line.ended[1].reason}"
        return ""

    # --- what broke -------------------------------------------------------------------------------

    @cached_property
    def effect(self) -> Edge | None:
        """e_eff: the first failing probe that the first effective fault accounts for."""
        found = [edge for fault in self.line.faults.values() if (edge := self._effect_of(fault))]
        return min(found, key=lambda edge: edge.event.seq, default=None)

    def _effect_of(self, fault: FaultFact) -> Edge | None:
        probes = {fault.body.probe, *self.reached_by(fault.body.target)}
        for event, body, _ in self.line.changes:
            if event.seq > fault.intended.seq and body.state == "red" and body.probe in probes:
                return Edge(event, round(max(self.health.interval_s, event.drill_s - body.since_s), 3))
        return Edge(fault.effective, self.health.interval_s) if fault.effective else None

    def reached_by(self, target: str) -> frozenset[str]:
        """The probes that the map says turn red when this breaks: its own, and those of all that needs it."""
        nodes = self.inputs.platform.nodes()
        hit, grown = {target}, True
        while grown:
            more = {name for name, node in nodes.items() if name not in hit and hit & set(node.needs)}
            hit |= more
            grown = bool(more)
        return frozenset(probe for name in hit if name in nodes for probe in nodes[name].probes)

    @cached_property
    def failed_components(self) -> frozenset[str]:
        """What the faults broke."""
        return frozenset(fault.body.target for fault in self.line.faults.values())

    @cached_property
    def counted(self) -> list[str]:
        """The probes that must be green again."""
        return list(self.inputs.scenario.recovered.probes) or self.health.probes()

    @cached_property
    def impact_probes(self) -> list[str]:
        """The probes of capabilities and teams: what others feel."""
        return self.health.of("capability", "team")

    def episodes(self, probes: Sequence[str]) -> list[Episode]:
        """The times of trouble among these probes, from the effect to the drill's end."""
        if self.effect is None:
            return []
        first = min(self.effect.event.seq, *(fault.intended.seq for fault in self.line.faults.values()))
        return self.health.episodes(probes, first, self.line.until_seq, self.inputs.sustained_s)

    @cached_property
    def troubles(self) -> list[Episode]:
        """The times of trouble among all that counts."""
        return self.episodes(self.counted)

    @cached_property
    def own_troubles(self) -> list[Episode]:
        """Those before the first aftershock: a fault that came when all had been well again."""
        first = self.aftershock
        return [e for e in self.troubles if first is None or e.start.event.seq < first.intended.seq]

    @cached_property
    def aftershock(self) -> FaultFact | None:
        """The first fault that was injected after a recovery."""
        ends = [e.end.event.seq for e in self.troubles if e.end]
        later = [f for f in self.line.faults.values() if ends and f.intended.seq > ends[0]]
        return min(later, key=lambda fault: fault.intended.seq, default=None)

    @cached_property
    def restored(self) -> Edge | None:
        """e_rest: the last red-to-green edge of the trouble itself; what an aftershock broke is not in it."""
        return self.own_troubles[-1].end if self.own_troubles else None

    @cached_property
    def restored_s(self) -> float:
        """When it was over, or the drill's end when it never was."""
        return self.restored.at_s if self.restored else self.end_s

    def observing(self, at_s: float) -> bool:
        """Whether all was green at that time, after the trouble began: then the observing cadence holds."""
        inside = any(e.start.at_s <= at_s and (e.end is None or at_s < e.end.at_s) for e in self.troubles)
        return bool(self.troubles) and not inside and at_s >= self.troubles[0].start.at_s

    # --- the pager --------------------------------------------------------------------------------

    @cached_property
    def page(self) -> Page | None:
        """The first page of the incident that reached somebody, else the first that was fired."""
        pages = [
            page for page in self.line.pages if not self.effect or page.fired.seq > self.effect.event.seq
        ]
        return next((page for page in pages if page.deliveries), pages[0] if pages else None)

    @property
    def alert(self) -> Event | None:
        """e_alert: the first alert that fired."""
        fired = [
            page.fired for page in self.line.pages if self.effect and page.fired.seq > self.effect.event.seq
        ]
        return fired[0] if fired else None

    @property
    def delivered(self) -> Event | None:
        """e_deliv: the page reached the first in line. From here on people are timed."""
        return self.page.deliveries[0] if self.page and self.page.deliveries else None

    @cached_property
    def acked(self) -> Event | None:
        """e_ack: a participant's first explicit acknowledgement, on the pager or in the thread by its form."""
        found = self.page.acks[:1] if self.page else []
        found += [m.event for m in self.talk if acknowledgement_of(m.text, self.inputs.protocol).whole][:1]
        return min(found, key=lambda event: event.seq, default=None)

    # --- what people said -------------------------------------------------------------------------

    @cached_property
    def talk(self) -> list[Message]:
        """People's messages in the incident thread, from the effect on."""
        thread = self.inputs.protocol.thread.name
        return [message for message in self.spoken if message.channel == thread]

    @cached_property
    def spoken(self) -> list[Message]:
        """People's messages anywhere, from the effect to the drill's end."""
        last = self.line.until_seq
        first = self.effect.event.seq if self.effect else last
        return [m for m in self.line.messages if not m.bot and first < m.event.seq < last]

    @cached_property
    def told(self) -> Message | None:
        """e_comm: the first message of a person in the incident thread. Direct messages and bots tell nobody."""
        return self.talk[0] if self.talk else None

    @cached_property
    def claimed(self) -> Message | None:
        """e_claim: the first message that says it is fixed; the all-clear says so too."""
        return self._first(claims_fixed, claims_all_clear)

    @cached_property
    def cleared(self) -> Message | None:
        """e_clear: the first all-clear."""
        return self._first(claims_all_clear)

    def _first(self, *claims: Callable[..., bool]) -> Message | None:
        protocol = self.inputs.protocol
        return next((m for m in self.talk if any(claim(m.text, protocol) for claim in claims)), None)

    @cached_property
    def holding(self) -> Holding:
        """Who held which role when."""
        return Holding.of(self.talk, self.inputs.protocol)

    @cached_property
    def reader(self) -> Reader:
        """Reads claims about capabilities and teams."""
        return Reader(self.inputs.platform, self.health.probes())

    def truth(self, seq: int) -> dict[str, bool]:
        """Which capability and team probes were green at that event; those without an answer are left out."""
        states = {probe: self.health.state_at(probe, seq) for probe in self.reader.scope}
        return {probe: state == "green" for probe, state in states.items() if state != "missing"}

    @cached_property
    def posts(self) -> list[Post]:
        """The messages that tell the state of things, with what each promises."""
        return posts_of(self.talk, self.inputs.protocol, self.observing, self.utc)

    @property
    def talk_end(self) -> Event:
        """Where the duty to speak ends: the all-clear, else the drill's end."""
        return self.cleared.event if self.cleared else self.line.end

    def dark(self, start_s: float) -> list[Stretch]:
        """When, from then on, a capability or team was red and no unexpired update told of it."""
        red = clipped(self.health.red(self.impact_probes, self.end_s), start_s, self.end_s)
        return without(red, covered(self.posts, self.end_s))

    @cached_property
    def trigger(self) -> Trigger | None:
        """When the incident was no longer small, and every role had to be named; None while it stayed small."""
        return trigger_of(self.health, self.troubles, self.inputs, self.end_s)

    # --- what people did --------------------------------------------------------------------------

    @cached_property
    def alignment(self) -> Alignment:
        """The recorded commands beside the runbook's steps."""
        return align(self.line, self.inputs.runbook, self.inputs.platform)

    @cached_property
    def actions(self) -> list[Action]:
        """People's commands and audited requests from the effect to the drill's end, in order of time."""
        if self.effect is None:
            return []
        return actions.actions_of(self.line, self.inputs, self.effect.event.seq)

    @cached_property
    def mutated(self) -> Action | None:
        """e_mut: the first mutating command."""
        return next((action for action in self.actions if action.effect == "mutating"), None)

    @cached_property
    def engaged(self) -> Action | None:
        """e_eng: the first read or write on what failed or on what it needs directly."""
        relevant = self.near(direct=True)
        return next((action for action in self.actions if action.touches & relevant), None)

    def near(self, *, direct: bool) -> frozenset[str]:
        """What the faults broke and what it needs, directly or all the way down."""
        nodes = self.inputs.platform.nodes()
        found = set(self.failed_components)
        frontier: Iterable[str] = list(found)
        while frontier:
            needs = {need for name in frontier if name in nodes for need in nodes[name].needs} - found
            found |= needs
            frontier = () if direct else needs
        return frozenset(found)

    @cached_property
    def viewed(self) -> Event | None:
        """e_view: the first sign that a person is aware."""
        if self.effect is None:
            return None
        after, last = self.effect.event.seq, self.line.until_seq
        signs = [
            *(message.event for message in self.spoken),
            *(ran.started for ran in self.line.ran),
            *(seen.event for seen in self.line.audit),
            *(ack for page in self.line.pages for ack in page.acks),
            *(entry.event for entry in self.line.status),
        ]
        return min((e for e in signs if after < e.seq < last), key=lambda event: event.seq, default=None)
