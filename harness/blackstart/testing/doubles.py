"""A probe, a replica and a fault that a test has in its hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from blackstart.errors import ReplicaError, UsageError
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

__all__ = ["FakeReplica", "IdleFault", "SetProbe"]


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
    """A `replica.base.Replica` without servers: components are names, `calls` has what was asked of them.

    It is up from the start, for tests that need no more, unless `started` is false. `answers` are the commands that `exec` knows, by their first
    word. `fails` is why `up` fails; empty: it does not. Its participants are `people`.
    """

    name = "fake"

    def __init__(
        self, components: Sequence[str], folder: Path, label: str = "test", *, started: bool = True
    ) -> None:
        self.label = label
        self.folder = folder
        self.set_probes = {name: SetProbe(name, subject=name) for name in components}
        self.calls: list[tuple[str, str]] = []
        self.down_components: set[str] = set() if started else set(components)
        self.paused_components: set[str] = set()
        self.codes: dict[str, int] = {}
        self.answers = {"true": Completed(0, "", ""), "false": Completed(1, "", "")}
        self.people = ("ic-1", "sme-1")
        self.fails = ""
        self._was_up = self._there = started

    def up(self, progress: Progress) -> None:
        if self.fails:
            self.down()
            raise ReplicaError(self.fails, hint="empty its `fails`")
        self._was_up = self._there = True
        for name in self.set_probes:
            self._ends(name)
            self._runs(name)
        progress("the fake replica is up", 1, 1)

    def down(self) -> None:
        self.calls.append(("down", ""))
        self._there = False
        self.codes.clear()
        for name in self.set_probes:
            self._ends(name)

    def components(self) -> Mapping[str, Component]:
        names = self.set_probes if self._there else ()
        return {name: Component(name, name, "0", "127.0.0.1:0") for name in names}

    def probes(self) -> Sequence[Probe]:
        if not self._was_up:
            raise ReplicaError("the replica is not up", hint="call up first")
        return list(self.set_probes.values())

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        self._called("exec", component)
        if not self.running(component) or self.paused(component):
            raise ReplicaError(f"{component} does not run: no command runs in it", hint="start or resume it")
        missing = Completed(127, "", f"{argv[0]}: command not found")
        return self.answers.get(argv[0], missing)

    def _called(self, call: str, component: str) -> None:
        self._known(component)
        self.calls.append((call, component))

    def _known(self, component: str) -> None:
        if component not in self.set_probes:
            raise UsageError(
                f"the fake replica has no component {component!r}",
                hint=f"there are: {', '.join(self.set_probes)}",
            )

    def stop(self, component: str) -> None:
        self._called("stop", component)
        if self.running(component):
            self._says(component, "asked to end")
        self._ends(component)

    def kill(self, component: str) -> None:
        self._called("kill", component)
        self._ends(component)

    def crash(self, component: str, code: int = -9) -> None:
        """The component ends by itself."""
        self._ends(component)
        self.codes[component] = code

    def _ends(self, component: str) -> None:
        self.paused_components.discard(component)
        self.down_components.add(component)
        self.set_probes[component].turn("red", "connection refused")

    def pause(self, component: str) -> None:
        self._called("pause", component)
        if self.running(component):
            self.paused_components.add(component)
            self.set_probes[component].turn("red", "no answer")

    def resume(self, component: str) -> None:
        self._called("resume", component)
        if self.running(component):
            self.paused_components.discard(component)
            self.set_probes[component].turn("green")

    def start(self, component: str) -> None:
        self._called("start", component)
        if not self.running(component):
            self._runs(component)

    def _runs(self, component: str) -> None:
        self.down_components.discard(component)
        self.codes.pop(component, None)
        self._says(component, "starts")
        self.set_probes[component].turn("green")

    def _says(self, component: str, line: str) -> None:
        with self.log(component).open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")

    def restart(self, component: str) -> None:
        self._called("restart", component)
        if self.running(component):
            self._says(component, "asked to end")
        self._ends(component)
        self._runs(component)

    def running(self, component: str) -> bool:
        self._known(component)
        return component not in self.down_components

    def paused(self, component: str) -> bool:
        self._known(component)
        return component in self.paused_components

    def let_pass(self, seconds: float) -> None:
        """Nothing here grows old."""

    def exited(self) -> Mapping[str, int]:
        return dict(self.codes)

    def log(self, component: str) -> Path:
        self._known(component)
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{component}.log"

    def audit_log(self, component: str) -> Path | None:
        self._known(component)
        return None

    def shell(self, participant: str) -> ShellSpec:
        if participant not in self.people:
            raise UsageError(
                f"the fake replica knows no participant {participant!r}",
                hint=f"there are: {', '.join(self.people)}",
            )
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
