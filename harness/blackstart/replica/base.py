"""What a replica is: the platform's stand-in, made of components, workloads and the probes that watch them.

Three implementations share the `Replica` protocol: local (processes), compose (docker), tabletop (none).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

__all__ = ["Completed", "Component", "Probe", "Progress", "Reading", "Replica", "ShellSpec"]

ProbeOf = Literal["component", "capability", "team"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of a probe. `state` missing: nothing could be said about the subject (the probe itself broke).

    `reason` says in a few words what was seen, empty when green: "503 Vault is sealed".
    """

    state: Literal["green", "red", "missing"]
    reason: str = ""
    latency_ms: float = 0.0


class Probe(Protocol):
    """Asks one thing about the replica, from outside, the way its users would.

    `read` never raises and never takes longer than `timeout_s`; it may be called from any thread,
    but never twice at once.
    """

    name: str
    of: ProbeOf
    subject: str
    timeout_s: float

    def read(self) -> Reading: ...


@dataclass(frozen=True, slots=True)
class Component:
    """One component as it runs: what `kind` (vault, dns, registry, workload ...), which version, where."""

    name: str
    kind: str
    version: str
    endpoint: str
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ran inside the replica."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class ShellSpec:
    """What a participant's shell needs: the program, its whole environment, and the folder it opens in.

    `env` carries PATH with the replica's toolbox first, and one participant's own credentials.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    tools: tuple[str, ...] = field(default=())


Progress = Callable[[str, int, int], None]
"""Told what is being done, how many parts are done, and of how many (0 total: not known)."""


class Replica(Protocol):
    """A platform that a drill may break.

    `label` is this drill's own mark: nothing that does not carry it is ever touched.
    The owner calls `down`, which is idempotent and leaves nothing running.
    Errors: ReplicaError when a component does not start (with its last lines); MissingTool when a program,
    a package or the network is missing.
    """

    name: str
    label: str

    def up(self, progress: Progress) -> None: ...

    def down(self) -> None: ...

    def components(self) -> Mapping[str, Component]: ...

    def probes(self) -> Sequence[Probe]: ...

    def exec(self, component: str, argv: Sequence[str]) -> Completed: ...

    def stop(self, component: str) -> None: ...

    def kill(self, component: str) -> None: ...

    def pause(self, component: str) -> None: ...

    def resume(self, component: str) -> None: ...

    def start(self, component: str) -> None: ...

    def restart(self, component: str) -> None: ...

    def running(self, component: str) -> bool: ...

    def exited(self) -> Mapping[str, int]: ...

    def let_pass(self, seconds: float) -> None:
        """Drill time has jumped by so much: what the replica keeps for a time gets older by it."""
        ...

    def log(self, component: str) -> Path: ...

    def audit_log(self, component: str) -> Path | None: ...

    def shell(self, participant: str) -> ShellSpec: ...
