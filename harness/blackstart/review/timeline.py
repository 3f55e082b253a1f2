"""Facts from events, gathered in one pass: messages, pages, commands, audit lines, faults, probes, the clock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from blackstart import events as ev
from blackstart.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from blackstart.chain import Body, Event

__all__ = ["AuditLine", "FaultFact", "Message", "Page", "Ran", "StatusEntry", "Timeline", "timeline_of"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was first posted; an edit changes nothing here. `text` is empty once redacted."""

    event: Event
    id: str
    channel: str
    who: str
    text: str
    bot: bool
    reply_to: str
    redacted: bool = False

    @property
    def at_s(self) -> float:
        return self.event.drill_s


@dataclass(slots=True)
class Page:
    """One page and what became of it. `deliveries` and `acks` in the order of the record; acks of people only."""

    id: str
    probe: str
    symptom: str
    fired: Event
    deliveries: list[Event] = field(default_factory=list)
    acks: list[Event] = field(default_factory=list)
    escalations: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Ran:
    """One command in a recorded shell. `finished` is None when the drill ended first."""

    id: str
    who: str
    line: str
    redacted: bool
    started: Event
    finished: Event | None = None
    exit_code: int | None = None

    @property
    def at_s(self) -> float:
        return self.started.drill_s

    @property
    def end_s(self) -> float | None:
        return self.finished.drill_s if self.finished else None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of a component's own log; `at_s` is the server's stamp in drill seconds."""

    event: Event
    body: ev.AuditSeen
    at_s: float


@dataclass(slots=True)
class FaultFact:
    """One fault's life in events."""

    intended: Event
    body: ev.FaultIntended
    injected: Event | None = None
    effective: Event | None = None
    ineffective: Event | None = None
    healed: Event | None = None
    healed_by: Literal["people", "harness", "watchdog", "recover", ""] = ""
    proven: Event | None = None
    unproven: Event | None = None


@dataclass(frozen=True, slots=True)
class StatusEntry:
    event: Event
    phase: str
    text: str


@dataclass
class Timeline:
    """Everything that the record holds, by kind. `end_s` is where judged time ends: the drill's end, or the last event."""

    opened: ev.DrillOpened
    events: Sequence[Event]
    participants: frozenset[str]
    messages: list[Message] = field(default_factory=list)
    pins: dict[str, Event] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)
    audit: list[AuditLine] = field(default_factory=list)
    faults: dict[str, FaultFact] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    status: list[StatusEntry] = field(default_factory=list)
    declared: dict[str, ev.ProbeDeclared] = field(default_factory=dict)
    changes: list[tuple[Event, ev.ProbeChanged, int]] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)
    jumps: list[tuple[float, float]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    stages: dict[str, Event] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=dict)
    questions: list[tuple[Event, ev.InjectDelivered]] = field(default_factory=list)
    news: list[tuple[Event, ev.InjectDelivered]] = field(default_factory=list)
    missing: list[tuple[Event, ev.AlertMissing]] = field(default_factory=list)
    steady_failed: Event | None = None
    ended: tuple[Event, ev.DrillEnded] | None = None
    closed: bool = False
    aborted: Event | None = None
    errors: list[tuple[Event, ev.HarnessError]] = field(default_factory=list)

    @property
    def last_s(self) -> float:
        return self.events[-1].drill_s

    @property
    def end(self) -> Event:
        return self.ended[0] if self.ended else self.events[-1]

    @property
    def end_s(self) -> float:
        return self.end.drill_s

    @property
    def until_seq(self) -> int:
        """The first event that is no longer judged: what heals and closes comes after it."""
        return self.ended[0].seq if self.ended else self.events[-1].seq + 1

    def event_at(self, drill_s: float) -> Event:
        """The first event at or after a drill second, else the last of all."""
        index = bisect_left(self.events, drill_s, key=lambda event: event.drill_s)
        return self.events[min(index, len(self.events) - 1)]

    def human(self, who: str) -> bool:
        """Whether an actor is one of the drill's participants."""
        return who in self.participants


def timeline_of(events: Sequence[Event]) -> Timeline:
    """Gather everything once. RecordError when the record does not begin with its header."""
    if not events or not isinstance(events[0].body, ev.DrillOpened):
        raise RecordError(
            "the record does not begin with drill.opened, so there is nothing to judge",
            hint="blackstart verify says whether the record is what was written",
        )
    opened = events[0].body
    people = frozenset(str(person.get("id", "")) for person in opened.participants)
    gathered = _Gatherer(Timeline(opened, events, people))
    takers = gathered.takers()
    for event in events:
        taker = takers.get(type(event.body))
        if taker:
            taker(event, event.body)
    return gathered.line


class _Gatherer:
    """One method for each kind of event that review looks at."""

    def __init__(self, line: Timeline) -> None:
        self.line = line
        self._messages: set[str] = set()
        self._pages: dict[str, Page] = {}
        self._ran: dict[str, Ran] = {}

    def takers(self) -> dict[type[Body], Callable[[Event, Any], object]]:
        return {
            ev.ProbesSampled: self._sampled,
            ev.ProbeChanged: self._changed,
            ev.ProbeDeclared: self._declared,
            ev.ClockJumped: self._jumped,
            ev.ClockUnpaused: lambda event, body: self.line.pauses.append(body.real_s),
            ev.StageEntered: lambda event, body: self.line.stages.setdefault(body.stage, event),
            ev.ReplicaUp: self._up,
            ev.SteadyFailed: self._steady_failed,
            ev.ThreadPosted: self._posted,
            ev.ThreadPinned: lambda event, body: self.line.pins.setdefault(body.message, event),
            ev.AlertMissing: lambda event, body: self.line.missing.append((event, body)),
            ev.PageFired: self._fired,
            ev.PageDelivered: self._delivered,
            ev.PageAcked: self._acked,
            ev.PageEscalated: self._escalated,
            ev.CommandStarted: self._started,
            ev.CommandFinished: self._finished,
            ev.AuditSeen: self._audited,
            ev.StatusPosted: self._status,
            ev.FaultIntended: self._intended,
            ev.FaultSkipped: lambda event, body: self.line.skipped.add(body.fault),
            ev.FaultInjected: lambda event, body: self._fault(event, body.fault, "injected"),
            ev.FaultEffective: lambda event, body: self._fault(event, body.fault, "effective"),
            ev.FaultIneffective: lambda event, body: self._fault(event, body.fault, "ineffective"),
            ev.FaultHealed: self._healed,
            ev.FaultProven: lambda event, body: self._fault(event, body.fault, "proven"),
            ev.FaultUnproven: lambda event, body: self._fault(event, body.fault, "unproven"),
            ev.InjectDelivered: self._inject,
            ev.DrillEnded: self._ended,
            ev.DrillClosed: self._closed,
            ev.AbortAsked: self._aborted,
            ev.HarnessError: lambda event, body: self.line.errors.append((event, body)),
        }

    # --- probes and the clock -------------------------------------------------------------------

    def _sampled(self, event: Event, body: ev.ProbesSampled) -> None:
        self.line.rounds.append(event.drill_s)

    def _changed(self, event: Event, body: ev.ProbeChanged) -> None:
        self.line.changes.append((event, body, len(self.line.rounds)))

    def _declared(self, event: Event, body: ev.ProbeDeclared) -> None:
        self.line.declared[body.probe] = body

    def _jumped(self, event: Event, body: ev.ClockJumped) -> None:
        self.line.jumps.append((body.from_s, body.to_s))

    def _up(self, event: Event, body: ev.ReplicaUp) -> None:
        for component in body.components:
            self.line.endpoints[component.get("name", "")] = component.get("endpoint", "")

    def _steady_failed(self, event: Event, body: ev.SteadyFailed) -> None:
        self.line.steady_failed = event

    # --- people ---------------------------------------------------------------------------------

    def _posted(self, event: Event, body: ev.ThreadPosted) -> None:
        if body.message in self._messages:
            return  # an edit: the time of the first posting stands
        self._messages.add(body.message)
        text = body.text.text
        self.line.messages.append(
            Message(
                event,
                body.message,
                body.channel,
                event.actor,
                text or "",
                body.bot,
                body.reply_to,
                text is None,
            )
        )

    def _fired(self, event: Event, body: ev.PageFired) -> None:
        page = Page(body.page, body.probe, body.symptom.text or "", event)
        self._pages[body.page] = page
        self.line.pages.append(page)

    def _delivered(self, event: Event, body: ev.PageDelivered) -> None:
        if page := self._pages.get(body.page):
            page.deliveries.append(event)

    def _acked(self, event: Event, body: ev.PageAcked) -> None:
        page = self._pages.get(body.page)
        if page and self.line.human(body.by):
            page.acks.append(event)

    def _escalated(self, event: Event, body: ev.PageEscalated) -> None:
        if page := self._pages.get(body.page):
            page.escalations.append(event)

    def _started(self, event: Event, body: ev.CommandStarted) -> None:
        if not self.line.human(event.actor):
            return
        text = body.line.text
        ran = Ran(body.command, event.actor, text or "", text is None, event)
        self._ran[body.command] = ran
        self.line.ran.append(ran)

    def _finished(self, event: Event, body: ev.CommandFinished) -> None:
        if ran := self._ran.get(body.command):
            ran.finished, ran.exit_code = event, body.exit_code

    def _audited(self, event: Event, body: ev.AuditSeen) -> None:
        if self.line.human(body.who):
            self.line.audit.append(AuditLine(event, body, _logged_s(self.line, event, body.logged_wall)))

    def _status(self, event: Event, body: ev.StatusPosted) -> None:
        self.line.status.append(StatusEntry(event, body.phase, body.text.text or ""))

    # --- faults, injects, the drill -------------------------------------------------------------

    def _intended(self, event: Event, body: ev.FaultIntended) -> None:
        self.line.faults.setdefault(body.fault, FaultFact(event, body))

    def _fault(self, event: Event, fault: str, what: str) -> None:
        if fact := self.line.faults.get(fault):
            setattr(fact, what, event)

    def _healed(self, event: Event, body: ev.FaultHealed) -> None:
        self._fault(event, body.fault, "healed")
        if fact := self.line.faults.get(body.fault):
            fact.healed_by = body.by

    def _inject(self, event: Event, body: ev.InjectDelivered) -> None:
        if body.type == "question":
            self.line.questions.append((event, body))
        elif body.type == "news":
            self.line.news.append((event, body))

    def _ended(self, event: Event, body: ev.DrillEnded) -> None:
        self.line.ended = self.line.ended or (event, body)

    def _closed(self, event: Event, body: ev.DrillClosed) -> None:
        self.line.closed = True

    def _aborted(self, event: Event, body: ev.AbortAsked) -> None:
        self.line.aborted = self.line.aborted or event


def _logged_s(line: Timeline, seen: Event, logged_wall: str) -> float:
    """A server's wall time in drill seconds, by the events written just before and after it.

    Between them drill time ran at most at the drill's pace; a stamp that cannot be read is when it was seen.
    """
    logged = _moment(logged_wall)
    if logged is None:
        return seen.drill_s
    wall = logged.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
    index = bisect_right(line.events, wall, key=lambda event: event.wall)
    if index == 0:
        return line.events[0].drill_s
    before = line.events[index - 1]
    passed = (logged - datetime.fromisoformat(before.wall)).total_seconds() * line.opened.pace
    after_s = line.events[index].drill_s if index < len(line.events) else before.drill_s
    return min(before.drill_s + passed, after_s, seen.drill_s)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
