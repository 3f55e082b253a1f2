"""Every event a drill can record, frozen and typed; the schema's version.

One small class a kind; the kind's name stands in the class. Bodies hold plain values, lists of plain
values, mappings of them, and `FreeText` for people's words and a terminal's contents. The envelope round a
body and the hash chain are in `chain`, whose names can be imported from here.

Times of a body in seconds are drill seconds unless the name says `wall`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from blackstart.chain import (
    BODIES,
    GENESIS,
    SOURCES,
    Body,
    Event,
    FreeText,
    Source,
    Unknown,
    chain_hash,
    later,
    parse_body,
)

__all__ = [
    "BODIES",
    "GENESIS",
    "SCHEMA",
    "SOURCES",
    "Body",
    "Event",
    "FreeText",
    "Source",
    "Unknown",
    "chain_hash",
    "parse_body",
]

SCHEMA = 1
"""Version of the record. A reader keeps reading every earlier one."""


# --- the drill ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DrillOpened(Body):
    """The header. `inputs` has every file the drill was run from, whole, so that review needs no disk:
    each {kind, path, sha256, text}. `participants`: each {id, roles}. `start` is the drill's start, UTC.
    """

    kind: ClassVar[str] = "drill.opened"
    drill: str
    schema: int
    blackstart: str
    scenario: str
    crew: str
    seed: int
    replica: str
    clock: str
    pace: float
    start: str
    probe_interval_s: float
    participants: list[dict[str, Any]]
    inputs: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class StageEntered(Body):
    """provision, steady, brief, respond, observe, heal or close."""

    kind: ClassVar[str] = "stage.entered"
    stage: str


@dataclass(frozen=True, slots=True)
class ClockJumped(Body):
    kind: ClassVar[str] = "clock.jumped"
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class ClockPaused(Body):
    kind: ClassVar[str] = "clock.paused"
    by: str


@dataclass(frozen=True, slots=True)
class ClockUnpaused(Body):
    """`real_s` is how long the pause lasted by the machine's clock."""

    kind: ClassVar[str] = "clock.unpaused"
    by: str
    real_s: float


@dataclass(frozen=True, slots=True)
class DrillEnded(Body):
    """Why `respond` and `observe` are over: recovered, limit, aborted, invalid or error; `why` in words."""

    kind: ClassVar[str] = "drill.ended"
    reason: Literal["recovered", "limit", "aborted", "invalid", "error"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class DrillClosed(Body):
    """The last event: how many came before it, and the hash of the one before."""

    kind: ClassVar[str] = "drill.closed"
    count: int
    head: str


@dataclass(frozen=True, slots=True)
class DrillResumed(Body):
    """The harness had died and goes on from the event before. Drill time stood still for `dead_s` real seconds."""

    kind: ClassVar[str] = "drill.resumed"
    dead_s: float


@dataclass(frozen=True, slots=True)
class HarnessError(Body):
    """Something in blackstart failed while the drill went on or ended."""

    kind: ClassVar[str] = "harness.error"
    where: str
    what: str


# --- the replica --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReplicaUp(Body):
    """`components`: each {name, kind, version, endpoint}. `label` is what faults are held to.

    `images`: for servers in containers, the id of the image that each service really runs.
    """

    kind: ClassVar[str] = "replica.up"
    label: str
    components: list[dict[str, str]]
    images: dict[str, str] | None = later(None)


@dataclass(frozen=True, slots=True)
class ReplicaDown(Body):
    kind: ClassVar[str] = "replica.down"


@dataclass(frozen=True, slots=True)
class ComponentExited(Body):
    """A component's process ended and nobody asked it to. `code` is negative for a signal.

    `how` says what else is known of it, in words; empty where only the code is known.
    """

    kind: ClassVar[str] = "component.exited"
    component: str
    code: int
    last_lines: FreeText
    how: str = later("")


@dataclass(frozen=True, slots=True)
class ContainerChanged(Body):
    """What the container engine says of a component, or of itself (`daemon-gone`, `daemon-back`: no component).

    `asked`: the harness did it. `exit_code` of what died, as the engine gives it (137 is signal 9), else -1.
    `logged_wall` is the engine's own stamp.
    """

    kind: ClassVar[str] = "container.changed"
    component: str
    what: str
    exit_code: int
    detail: str
    asked: bool
    logged_wall: str


@dataclass(frozen=True, slots=True)
class SteadyReached(Body):
    """Every probe was green for `for_s` drill seconds."""

    kind: ClassVar[str] = "steady.reached"
    for_s: float


@dataclass(frozen=True, slots=True)
class SteadyFailed(Body):
    """`red` maps each probe that was not green to its reason."""

    kind: ClassVar[str] = "steady.failed"
    red: dict[str, str]


@dataclass(frozen=True, slots=True)
class ProbeDeclared(Body):
    """A probe of this drill: what it watches. `of` is component, capability or team; `subject` its name."""

    kind: ClassVar[str] = "probe.declared"
    probe: str
    of: Literal["component", "capability", "team"]
    subject: str
    interval_s: float


@dataclass(frozen=True, slots=True)
class ProbeChanged(Body):
    """A probe's first state, or a change of it. `missing`: no answer about the subject could be had.

    `since_s` is the drill second of the sample before: the change lies between it and this event.
    """

    kind: ClassVar[str] = "probe.changed"
    probe: str
    state: Literal["green", "red", "missing"]
    reason: str
    since_s: float


@dataclass(frozen=True, slots=True)
class ProbesSampled(Body):
    """One round over every probe: {probe: "green" | "red" | "missing"} and latencies in milliseconds."""

    kind: ClassVar[str] = "probes.sampled"
    states: dict[str, str]
    latency_ms: dict[str, float]


# --- faults and injects -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FaultIntended(Body):
    """Written, with what undoes it, before the first side effect. `probe` must turn red within `within_s`."""

    kind: ClassVar[str] = "fault.intended"
    fault: str
    type: str
    target: str
    params: dict[str, Any]
    undo: dict[str, Any]
    probe: str
    within_s: float


@dataclass(frozen=True, slots=True)
class FaultInjected(Body):
    kind: ClassVar[str] = "fault.injected"
    fault: str


@dataclass(frozen=True, slots=True)
class FaultEffective(Body):
    """The probe named in the intent turned red."""

    kind: ClassVar[str] = "fault.effective"
    fault: str
    probe: str


@dataclass(frozen=True, slots=True)
class FaultIneffective(Body):
    """The probe never turned red: the drill is invalid and no person is scored."""

    kind: ClassVar[str] = "fault.ineffective"
    fault: str
    probe: str
    waited_s: float


@dataclass(frozen=True, slots=True)
class FaultSkipped(Body):
    """Not injected, on purpose: the scenario gives it a chance, and this seed's dice said no."""

    kind: ClassVar[str] = "fault.skipped"
    fault: str
    why: str


@dataclass(frozen=True, slots=True)
class FaultMoved(Body):
    """A fault that goes on by itself (flaps, ramps up, repeats) took its next step."""

    kind: ClassVar[str] = "fault.moved"
    fault: str
    step: str


@dataclass(frozen=True, slots=True)
class FaultReinjected(Body):
    """Injected again after the drill was resumed: it was active when the harness died."""

    kind: ClassVar[str] = "fault.reinjected"
    fault: str


@dataclass(frozen=True, slots=True)
class FaultHealing(Body):
    kind: ClassVar[str] = "fault.healing"
    fault: str


@dataclass(frozen=True, slots=True)
class FaultHealed(Body):
    """`by` people: the probe was green again before the harness undid anything; watchdog: when the harness had died."""

    kind: ClassVar[str] = "fault.healed"
    fault: str
    by: Literal["people", "harness", "watchdog", "recover"]


@dataclass(frozen=True, slots=True)
class FaultProven(Body):
    """A probe said, after the healing, that the fault is gone. `probe` "replica-down": its servers are gone."""

    kind: ClassVar[str] = "fault.proven"
    fault: str
    probe: str


@dataclass(frozen=True, slots=True)
class FaultUnproven(Body):
    """Healing failed, or no probe turned green after it: a fault may remain."""

    kind: ClassVar[str] = "fault.unproven"
    fault: str
    why: str


@dataclass(frozen=True, slots=True)
class InjectDelivered(Body):
    """One scripted message reached its channel. `message` is the thread message or page it became."""

    kind: ClassVar[str] = "inject.delivered"
    inject: str
    type: Literal["page", "report", "question", "news"]
    message: str


@dataclass(frozen=True, slots=True)
class InjectSkipped(Body):
    kind: ClassVar[str] = "inject.skipped"
    inject: str
    why: str


# --- the replica's own monitoring ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AlertReceived(Body):
    """The replica's own monitoring sent an alert, which need not page anybody. Only the first of equal ones is here.

    `probe` and `component` are what its labels name, empty when they name none. `starts_wall` is when it began by
    the monitoring's stamp, `received_wall` when the replica's pager got it. `fingerprint`: firing and resolved have
    the same.
    """

    kind: ClassVar[str] = "alert.received"
    alert: str
    status: Literal["firing", "resolved"]
    probe: str
    component: str
    summary: FreeText
    starts_wall: str
    received_wall: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class AlertMissing(Body):
    """An inject pages when a probe is red, and monitoring had sent no alert of it: nobody was paged.

    `waited_s` are real seconds, from the instant at which the page was due.
    """

    kind: ClassVar[str] = "alert.missing"
    inject: str
    probe: str
    waited_s: float


@dataclass(frozen=True, slots=True)
class AlertsUnread(Body):
    """The pager that monitoring sends its alerts to cannot be read. Said once, until it can be again."""

    kind: ClassVar[str] = "alerts.unread"
    pager: str
    why: str


# --- people -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PageFired(Body):
    """An alert became true. `probe` is the one it watches; `to` the participant first in line.

    `via` is the monitoring that sent it ("alertmanager"), with the `alert`'s name and `fingerprint`; all three are
    empty where the harness itself stands for monitoring.
    """

    kind: ClassVar[str] = "page.fired"
    page: str
    probe: str
    symptom: FreeText
    to: str
    via: str = later("")
    alert: str = later("")
    fingerprint: str = later("")


@dataclass(frozen=True, slots=True)
class PageDelivered(Body):
    """The page reached a participant's pager. `tier` counts from 1; a later one is an escalation."""

    kind: ClassVar[str] = "page.delivered"
    page: str
    to: str
    tier: int


@dataclass(frozen=True, slots=True)
class PageAcked(Body):
    kind: ClassVar[str] = "page.acked"
    page: str
    by: str


@dataclass(frozen=True, slots=True)
class PageEscalated(Body):
    """Nobody acknowledged in time (`due_s` is the policy's deadline), or somebody asked for help."""

    kind: ClassVar[str] = "page.escalated"
    page: str
    to: str
    tier: int
    due_s: float
    why: str


@dataclass(frozen=True, slots=True)
class ThreadPosted(Body):
    """A message. `channel` "incident" is the canonical thread; "#team" a team's own; "@person" a direct message.

    `bot` is a scripted message of the harness (an inject, a team's question); people are actors with bot False.
    `stamp_s`-style claims inside the text are judged by review, never here.
    """

    kind: ClassVar[str] = "thread.posted"
    message: str
    channel: str
    text: FreeText
    bot: bool = False
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class ThreadPinned(Body):
    kind: ClassVar[str] = "thread.pinned"
    message: str
    channel: str


@dataclass(frozen=True, slots=True)
class StatusPosted(Body):
    """The status page. `phase`: investigating, identified, monitoring or resolved."""

    kind: ClassVar[str] = "status.posted"
    phase: str
    text: FreeText


@dataclass(frozen=True, slots=True)
class ShellOpened(Body):
    """A recorded terminal of one participant. `cast` is its asciicast file, relative to the drill's folder."""

    kind: ClassVar[str] = "shell.opened"
    shell: str
    participant: str
    cast: str


@dataclass(frozen=True, slots=True)
class CommandStarted(Body):
    kind: ClassVar[str] = "command.started"
    command: str
    shell: str
    line: FreeText


@dataclass(frozen=True, slots=True)
class CommandFinished(Body):
    """`output` is what the terminal showed, cut to its last 4,000 characters. `real_s` by the machine's clock."""

    kind: ClassVar[str] = "command.finished"
    command: str
    shell: str
    exit_code: int
    real_s: float
    output: FreeText


@dataclass(frozen=True, slots=True)
class AuditSeen(Body):
    """A line of a component's own audit log. `logged_wall` is the server's stamp; the envelope has it mapped."""

    kind: ClassVar[str] = "audit.seen"
    component: str
    operation: str
    path: str
    who: str
    error: str
    logged_wall: str
    remote: str = ""


@dataclass(frozen=True, slots=True)
class AbortAsked(Body):
    """`how`: signal, key, command (`blackstart abort`) or guard (a condition of the scenario)."""

    kind: ClassVar[str] = "abort.asked"
    by: str
    how: str
