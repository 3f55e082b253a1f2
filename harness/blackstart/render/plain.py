"""One event in plain words. Every kind has some; an event of a later version has its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart import events as ev
from blackstart.render.clean import clean, one_line
from blackstart.render.words import drill_time

if TYPE_CHECKING:
    from blackstart.events import Event

__all__ = ["what_happened"]


def what_happened(event: Event) -> str:
    """One event in plain words, on one line. Every kind has some; an unknown kind has its name."""
    return one_line(clean(_words(event), 600), 300)


def _words(event: Event) -> str:
    return _of_replica(event.body) or _of_people(event.body) or _of_drill(event.body) or event.kind


def _of_drill(body: ev.Body) -> str:
    match body:
        case ev.DrillOpened(crew=crew, seed=seed):
            return f"the drill began: crew {crew}, seed {seed}"
        case ev.StageEntered(stage=stage):
            return f"stage {stage}"
        case ev.ClockJumped(from_s=from_s, to_s=to_s):
            return f"the clock jumped from {drill_time(from_s)} to {drill_time(to_s)}"
        case ev.ClockPaused(by=by):
            return f"paused by {by}"
        case ev.ClockUnpaused(by=by):
            return f"unpaused by {by}"
        case ev.DrillEnded(reason=reason, why=why):
            return f"the drill was over: {reason}" + (f" ({why})" if why else "")
        case ev.DrillClosed(count=number):
            return f"the record was closed after {number} events"
        case ev.AbortAsked(by=by, how=how):
            return f"{by} asked to abort ({how})"
        case ev.DrillResumed(dead_s=dead):
            return f"the drill was resumed; blackstart was dead for {dead:.0f} s of the machine's time"
        case ev.HarnessError(where=where, what=what):
            return f"blackstart itself failed in {where}: {what}"
        case ev.InjectDelivered(inject=inject, type=kind):
            return f"inject {inject} ({kind}) was delivered"
        case ev.InjectSkipped(inject=inject, why=why):
            return f"inject {inject} was skipped: {why}"
        case _:
            return ""


def _of_replica(body: ev.Body) -> str:
    match body:
        case ev.ProbeChanged(probe=probe, state=state, reason=reason):
            return f"probe {probe} is {state}" + (f": {reason}" if reason else "")
        case ev.ProbesSampled(states=states):
            return _round(states)
        case ev.ProbeDeclared(probe=probe, of=of, subject=subject):
            return f"probe {probe} watches the {of} {subject}"
        case ev.SteadyReached(for_s=for_s):
            return f"every probe was green for {for_s:g} s"
        case ev.SteadyFailed(red=red):
            return "not steady: " + "; ".join(f"{name}: {why}" for name, why in red.items())
        case ev.ReplicaUp(components=components):
            return "the replica is up: " + ", ".join(str(one.get("name", "?")) for one in components)
        case ev.ReplicaDown():
            return "the replica is down"
        case ev.ComponentExited(component=component, code=code, how=how):
            return f"{component} ended {how or f'by itself with code {code}'}"
        case ev.ContainerChanged():
            return _container(body)
        case ev.AuditSeen(component=component, operation=operation, path=path, error=error):
            return f"{component} logged {operation} {path}" + (f": {error}" if error else "")
        case ev.AlertReceived(alert=alert, status=status, summary=summary):
            return f"the replica's monitoring: {alert} is {status}: {summary.shown}"
        case ev.AlertMissing(probe=probe, waited_s=waited):
            return f"monitoring did not page: no alert of {probe} within {waited:g} s"
        case ev.AlertsUnread(pager=pager, why=why):
            return f"the alerts at {pager} cannot be read: {why}; they are tried again"
        case _:
            return _of_faults(body)


_TO_CONTAINER = {
    "die": "ended",
    "oom": "ran out of memory",
    "kill": "was sent a signal",
    "pause": "was paused",
    "unpause": "goes on after a pause",
    "start": "was started",
    "stop": "was stopped",
    "connect": "was connected to a network",
    "disconnect": "was disconnected from a network",
    "destroy": "was removed",
    "health": "has another state of health",
}
"""What docker calls it, and what it is."""


def _container(body: ev.ContainerChanged) -> str:
    """ "docker: vault was sent a signal: 9; not by blackstart"."""
    if body.what in ("daemon-gone", "daemon-back"):
        went = "docker does not answer any more" if body.what == "daemon-gone" else "docker answers again"
        return went + (f": {body.detail}" if body.detail else "")
    code = f"exit code {body.exit_code}" if body.exit_code >= 0 else ""
    more = ", ".join(part for part in (body.detail, code) if part)
    told = f"{body.component} {_TO_CONTAINER.get(body.what, body.what)}" + (f": {more}" if more else "")
    return f"docker: {told}" + ("; by blackstart" if body.asked else _by_nobody(body.what))


def _by_nobody(what: str) -> str:
    """What is not of somebody's doing (a health check, the kernel) needs no such word."""
    return "" if what in ("health", "oom") else "; not by blackstart"


def _round(states: dict[str, str]) -> str:
    off = [f"{name} {state}" for name, state in states.items() if state != "green"]
    return f"{len(states)} probes read: " + (", ".join(off) if off else "all green")


def _of_faults(body: ev.Body) -> str:
    match body:
        case ev.FaultIntended(fault=fault, type=kind, target=target):
            return f"fault {fault} is about to be injected: {kind} on {target}"
        case ev.FaultInjected(fault=fault):
            return f"fault {fault} was injected"
        case ev.FaultEffective(fault=fault, probe=probe):
            return f"fault {fault} took effect: {probe} is red"
        case ev.FaultIneffective(fault=fault, probe=probe, waited_s=waited):
            return f"fault {fault} had no effect: {probe} was not red within {waited:g} s"
        case ev.FaultSkipped(fault=fault, why=why):
            return f"fault {fault} was left out: {why}"
        case ev.FaultMoved(fault=fault, step=step):
            return f"fault {fault}: {step}"
        case ev.FaultReinjected(fault=fault):
            return f"fault {fault} was injected again"
        case ev.FaultHealing(fault=fault):
            return f"fault {fault} is being healed"
        case ev.FaultHealed(fault=fault, by=by):
            return f"fault {fault} was healed by {'the people' if by == 'people' else f'the {by}'}"
        case ev.FaultProven(fault=fault, probe=probe):
            return f"fault {fault} is proven gone: {probe}"
        case ev.FaultUnproven(fault=fault, why=why):
            return f"fault {fault} may remain: {why}"
        case _:
            return ""


_VIA = {"alertmanager": "Alertmanager"}


def _of_people(body: ev.Body) -> str:
    match body:
        case ev.PageFired(symptom=symptom, to=to, via=via, alert=alert):
            by = f" by {_VIA.get(via, via)}" if via else ""
            named = "" if alert in symptom.shown else f"{alert}: "
            return f"page fired for {to}{by}: {named}{symptom.shown}"
        case ev.PageDelivered(to=to, tier=tier):
            return f"page delivered to {to} (tier {tier})"
        case ev.PageAcked(by=by):
            return f"page acknowledged by {by}"
        case ev.PageEscalated(to=to, tier=tier, why=why):
            return f"page escalated to {to} (tier {tier}): {why}"
        case ev.ThreadPosted(channel=channel, text=text):
            return f"in {channel}: {text.shown}"
        case ev.ThreadPinned(message=message, channel=channel):
            return f"pinned {message} in {channel}"
        case ev.StatusPosted(phase=phase, text=text):
            return f"status page, {phase}: {text.shown}"
        case ev.ShellOpened(participant=participant):
            return f"{participant} opened a terminal"
        case ev.CommandStarted(line=line):
            return f"$ {line.shown}"
        case ev.CommandFinished(command=command, exit_code=code):
            return f"{command} ended with exit code {code}"
        case _:
            return ""
