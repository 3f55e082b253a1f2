"""Test doubles for your own tests of scenarios, faults and rules. Nothing of it is used in a drill.

time = ManualTime()                       # stands still until a test moves it
history = History()                       # a record in memory, properly chained
history.add(StageEntered("respond"), at=60.0)
review(history.events)
history.close()
history.save(folder)                      # the same on disk: blackstart verify says ok
replica = FakeReplica(["vault"], folder)  # a replica whose probes answer what a test says
replica.set_probes["vault"].turn("red", "503 Vault is sealed")
replica.calls                             # what was asked of it, in order
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

from blackstart.chain import GENESIS, Body, Event, Source, link, settled
from blackstart.clock import Instant, Stamp, after, iso
from blackstart.events import DrillClosed
from blackstart.faults.base import Fault, Undo
from blackstart.replica.base import (
    Completed,
    Component,
    Probe,
    ProbeOf,
    Progress,
    Reading,
    Replica,
    ShellSpec,
)

__all__ = ["FakeReplica", "History", "IdleFault", "ManualTime", "SetProbe", "typed"]

START = datetime(2026, 4, 26, 15, 30, tzinfo=UTC)
NS = 1_000_000_000


class ManualTime:
    """A `clock.TimeSource` that stands still. `sleep` moves it, and so does `advance`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._ns = 0

    def now(self) -> Instant:
        return Instant(after(self._start, self._ns / NS), self._ns)

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass. Time never goes back: ValueError."""
        if seconds < 0:
            raise ValueError("time cannot go backwards")
        self._ns += round(seconds * NS)


class History:
    """A record in memory, event by event, with the chain of a real one and the same demands on what goes in.

    The machine's time and the drill's are one here: `wall` is `at`, and `mono_ns` counts from the drill's start.
    """

    def __init__(self, start: datetime = START) -> None:
        self.start = start
        self.events: list[Event] = []

    def add(
        self, body: Body, *, at: float | None = None, actor: str = "harness", source: Source = "harness"
    ) -> Event:
        """Append an event at that drill second; without one, at the same as the event before."""
        drill_s = at if at is not None else (self.events[-1].drill_s if self.events else 0.0)
        moment = iso(after(self.start, drill_s))
        prev = self.events[-1].hash if self.events else GENESIS
        event, _ = link(
            settled(body),
            stamp=Stamp(moment, moment, round(drill_s * NS), drill_s),
            actor=actor,
            source=source,
            seq=len(self.events) + 1,
            prev=prev,
        )
        self.events.append(event)
        return event

    def emit(self, body: Body, *, actor: str, source: Source) -> Event:
        """The form that harness code calls; at the time of the event before."""
        return self.add(body, actor=actor, source=source)

    def close(self) -> Event:
        """Append the last event, which counts the others."""
        head = self.events[-1].hash if self.events else GENESIS
        return self.add(DrillClosed(len(self.events), head))

    def save(self, folder: Path) -> None:
        """Write it as the record of a drill's folder, which must be there and have none."""
        from blackstart.record.exchange import write

        write(folder, [event.to_line().encode() for event in self.events])


@dataclass
class SetProbe:
    """A probe whose answer a test sets with `turn`."""

    name: str
    of: ProbeOf = "component"
    subject: str = ""
    timeout_s: float = 1.0
    answer: Reading = field(default_factory=lambda: Reading("green"))
    turns_after: int = 0
    """After this many more readings it turns green by itself; 0 never."""

    def turn(self, state: Literal["green", "red", "missing"], reason: str = "") -> None:
        self.answer = Reading(state, reason)

    def read(self) -> Reading:
        if self.turns_after:
            self.turns_after -= 1
            if not self.turns_after:
                self.turn("green")
        return self.answer


class FakeReplica:
    """A `replica.base.Replica` without servers: components are names, `calls` has what was asked of them."""

    name = "fake"

    def __init__(self, components: Sequence[str], folder: Path, label: str = "test") -> None:
        self.label = label
        self.folder = folder
        self.set_probes = {name: SetProbe(name, subject=name) for name in components}
        self.calls: list[tuple[str, str]] = []
        self.down_components: set[str] = set()

    def up(self, progress: Progress) -> None:
        progress("the fake replica is up", 1, 1)

    def down(self) -> None:
        self.calls.append(("down", ""))

    def components(self) -> Mapping[str, Component]:
        return {name: Component(name, name, "0", "127.0.0.1:0") for name in self.set_probes}

    def probes(self) -> Sequence[Probe]:
        return list(self.set_probes.values())

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        self.calls.append(("exec", component))
        return Completed(0, "", "")

    def stop(self, component: str) -> None:
        self._end("stop", component)

    def kill(self, component: str) -> None:
        self._end("kill", component)

    def _end(self, call: str, component: str) -> None:
        self.calls.append((call, component))
        self.down_components.add(component)
        self.set_probes[component].turn("red", "connection refused")

    def pause(self, component: str) -> None:
        self.calls.append(("pause", component))
        self.set_probes[component].turn("red", "no answer")

    def resume(self, component: str) -> None:
        self.calls.append(("resume", component))
        self.set_probes[component].turn("green")

    def start(self, component: str) -> None:
        self.calls.append(("start", component))
        self.down_components.discard(component)
        self.set_probes[component].turn("green")

    def restart(self, component: str) -> None:
        self._end("restart", component)
        self.start(component)

    def running(self, component: str) -> bool:
        return component not in self.down_components

    def let_pass(self, seconds: float) -> None:
        """Nothing here grows old."""

    def exited(self) -> Mapping[str, int]:
        return {}

    def log(self, component: str) -> Path:
        return self.folder / f"{component}.log"

    def audit_log(self, component: str) -> Path | None:
        return None

    def shell(self, participant: str) -> ShellSpec:
        return ShellSpec(("bash", "--noprofile", "--norc"), {"PATH": "/usr/bin:/bin"}, self.folder)


class IdleFault(Fault):
    """A fault that breaks nothing: for tests of what only reads what a fault says of itself, and to build on."""

    name: ClassVar[str] = "test.idle"
    summary: ClassVar[str] = "breaks nothing"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    seen: ClassVar[str] = "nothing"
    fix: ClassVar[str] = "nothing"
    undone: ClassVar[str] = "does nothing"

    def prepare(self, replica: Replica, target: str) -> Undo:
        return {}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Breaks nothing."""

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Nothing is to be undone."""

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return True


def typed(replica: Replica, line: str, participant: str = "sme-1") -> tuple[int, str]:
    """A command line as a participant types it: its exit code, and what it said on both streams."""
    shell = replica.shell(participant)
    done = subprocess.run(
        ["bash", "-c", line],
        env=dict(shell.env),
        cwd=shell.cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout
