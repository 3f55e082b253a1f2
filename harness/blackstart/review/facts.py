"""From events to facts, once: what was red when, who said what, who ran what. Judges nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blackstart import events as ev

if TYPE_CHECKING:
    from blackstart.events import Event
    from blackstart.review.inputs import Inputs

__all__ = ["Command", "Edge", "Facts", "Message", "Page", "ProbeLine", "gather"]


@dataclass(frozen=True, slots=True)
class Edge:
    """A probe's state from `s` on. The change lies between `since_s` and `s`."""

    s: float
    since_s: float
    state: str
    reason: str
    event: int


@dataclass(slots=True)
class ProbeLine:
    """One probe and its edges in order of time."""

    name: str
    of: str
    subject: str
    edges: list[Edge] = field(default_factory=list)

    def state_at(self, s: float) -> str:
        """Its state at that drill second; "missing" before the first reading."""
        index = bisect_right(self.edges, s, key=lambda edge: edge.s)
        return self.edges[index - 1].state if index else "missing"


@dataclass(frozen=True, slots=True)
class Message:
    """One message, as it was posted. `at` is the drill's UTC."""

    event: int
    s: float
    at: str
    id: str
    actor: str
    channel: str
    text: str
    bot: bool
    reply_to: str


@dataclass(slots=True)
class Page:
    """One page's life; each list has (drill second, event, participant)."""

    id: str
    probe: str
    fired_s: float
    fired_event: int
    delivered: list[tuple[float, int, str]] = field(default_factory=list)
    acked: list[tuple[float, int, str]] = field(default_factory=list)
    escalated: list[tuple[float, int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Command:
    """One command of a recorded terminal. `exit_code` is None when it never ended."""

    id: str
    actor: str
    line: str
    s: float
    event: int
    end_s: float | None = None
    end_event: int | None = None
    exit_code: int | None = None


@dataclass(slots=True)
class Facts:
    """Everything that rules and metrics ask for. Times are drill seconds; `end_s` is the last event's."""

    inputs: Inputs
    events: Sequence[Event]
    header: ev.DrillOpened
    end_s: float
    probes: dict[str, ProbeLine] = field(default_factory=dict)
    rounds: list[tuple[float, int]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    pins: dict[str, tuple[float, int]] = field(default_factory=dict)
    statuses: list[tuple[float, int, str]] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    audits: list[tuple[float, int, ev.AuditSeen]] = field(default_factory=list)
    faults: dict[str, tuple[float, int, ev.FaultIntended]] = field(default_factory=dict)
    effective: dict[str, tuple[float, int]] = field(default_factory=dict)
    healed: dict[str, tuple[float, int, str]] = field(default_factory=dict)
    ineffective: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    jumps: list[tuple[float, float]] = field(default_factory=list)
    pauses: int = 0
    stages: dict[str, tuple[float, int]] = field(default_factory=dict)
    ended: str = ""
    closed: bool = False
    shells: dict[str, str] = field(default_factory=dict)

    @property
    def people(self) -> set[str]:
        """The participants."""
        return {str(one["id"]) for one in self.header.participants}

    def said(self) -> list[Message]:
        """What people wrote in the canonical thread."""
        thread = self.inputs.protocol.thread.name
        return [m for m in self.messages if not m.bot and m.channel == thread]


def gather(events: Sequence[Event], inputs: Inputs, header: ev.DrillOpened) -> Facts:
    """One pass over the record."""
    facts = Facts(inputs, events, header, events[-1].drill_s)
    commands: dict[str, Command] = {}
    for event in events:
        _drill(facts, event)
        _replica(facts, event)
        _people(facts, event, commands)
    return facts


def _drill(facts: Facts, event: Event) -> None:
    s, seq = event.drill_s, event.seq
    match event.body:
        case ev.StageEntered(stage=stage):
            facts.stages[stage] = (s, seq)
        case ev.ClockJumped(from_s=from_s, to_s=to_s):
            facts.jumps.append((from_s, to_s))
        case ev.ClockPaused():
            facts.pauses += 1
        case ev.DrillEnded(reason=reason):
            facts.ended = reason
        case ev.DrillClosed():
            facts.closed = True
        case ev.FaultIntended(fault=fault) as body:
            facts.faults[fault] = (s, seq, body)
        case ev.FaultEffective(fault=fault):
            facts.effective[fault] = (s, seq)
        case ev.FaultIneffective(fault=fault):
            facts.ineffective.append(fault)
        case ev.FaultHealed(fault=fault, by=by):
            facts.healed[fault] = (s, seq, by)
        case ev.FaultUnproven(fault=fault):
            facts.unproven.append(fault)
        case _:
            pass


def _replica(facts: Facts, event: Event) -> None:
    s, seq = event.drill_s, event.seq
    match event.body:
        case ev.ProbeDeclared(probe=probe, of=of, subject=subject):
            facts.probes[probe] = ProbeLine(probe, of, subject)
        case ev.ProbeChanged(probe=probe, state=state, reason=reason, since_s=since_s):
            line = facts.probes.setdefault(probe, ProbeLine(probe, "component", probe))
            line.edges.append(Edge(s, since_s, state, reason, seq))
        case ev.ProbesSampled():
            facts.rounds.append((s, seq))
        case ev.AuditSeen() as body:
            facts.audits.append((s, seq, body))
        case _:
            pass


def _people(facts: Facts, event: Event, commands: dict[str, Command]) -> None:
    s, seq = event.drill_s, event.seq
    match event.body:
        case ev.PageFired(page=page, probe=probe):
            facts.pages[page] = Page(page, probe, s, seq)
        case ev.PageDelivered(page=page, to=to):
            facts.pages[page].delivered.append((s, seq, to))
        case ev.PageAcked(page=page, by=by):
            facts.pages[page].acked.append((s, seq, by))
        case ev.PageEscalated(page=page, to=to):
            facts.pages[page].escalated.append((s, seq, to))
        case ev.ThreadPosted(message=id_, channel=channel, text=text, bot=bot, reply_to=reply_to):
            facts.messages.append(
                Message(seq, s, event.at, id_, event.actor, channel, text.shown, bot, reply_to)
            )
        case ev.ThreadPinned(message=id_):
            facts.pins.setdefault(id_, (s, seq))
        case ev.StatusPosted(phase=phase):
            facts.statuses.append((s, seq, phase))
        case ev.ShellOpened(shell=shell, participant=participant):
            facts.shells[shell] = participant
        case ev.CommandStarted(command=id_, line=line):
            commands[id_] = Command(id_, event.actor, line.shown, s, seq)
            facts.commands.append(commands[id_])
        case ev.CommandFinished(command=id_, exit_code=code) if id_ in commands:
            done = commands[id_]
            done.end_s, done.end_event, done.exit_code = s, seq, code
        case _:
            pass
