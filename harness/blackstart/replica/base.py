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

    `read` never raises, whatever became of the subject, and waits no longer than `timeout_s`; it may be called from
    any thread, but never twice at once.
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
    """A platform that a drill may break. `blackstart.testing.ReplicaContract` tries all that is promised here.

    `label` is this drill's own mark: nothing that does not carry it is ever touched.
    The owner calls `down`, which is idempotent and leaves nothing running.
    A call about a component or a participant that is not there is a UsageError whose hint names those that are.
    A component of the kind `workload` needs others: it comes up by itself as soon as these serve. Whatever waits until
    it is in service waits only until it could be, save `up`.
    Errors: ReplicaError when a component does not start (with its last lines); MissingTool when a program,
    a package or the network is missing; UsageError when this machine is not one to run it on. Each has a hint.
    """

    name: str
    label: str

    def up(self, progress: Progress) -> None:
        """Start everything anew, whatever an earlier `up` left; returns when all of it is in service.

        Leaves nothing running when it fails.
        """
        ...

    def down(self) -> None:
        """End and remove everything that carries the label. May be called again, and before `up`."""
        ...

    def components(self) -> Mapping[str, Component]:
        """What can be broken, by name, in an order that stays. None before `up`, and after `down`."""
        ...

    def probes(self) -> Sequence[Probe]:
        """Every probe, each with a name of its own, in an order that stays. ReplicaError before `up`."""
        ...

    def exec(self, component: str, argv: Sequence[str]) -> Completed:
        """Run a command as the component's own machine would; its exit code. 127: there is no such command.

        ReplicaError when the component does not run, or is paused: nothing runs there.
        """
        ...

    def stop(self, component: str) -> None:
        """Ask it to end in order, and see to it that it does; it stays down until `start`. Nothing happens to what
        does not run."""
        ...

    def kill(self, component: str) -> None:
        """End it at once; it stays down until `start`. Nothing happens to what does not run."""
        ...

    def pause(self, component: str) -> None:
        """Let all of it stand still, and return when it does. Nothing happens to what does not run."""
        ...

    def resume(self, component: str) -> None:
        """Let it go on; nothing happens to what is not paused, or does not run."""
        ...

    def start(self, component: str) -> None:
        """Start it where it was, and return when it is in service; nothing happens when it runs."""
        ...

    def restart(self, component: str) -> None:
        """`stop`, and `start`: it is in service again, whether it ran or not."""
        ...

    def running(self, component: str) -> bool:
        """Whether it is there, in service or not: what is paused runs. After `down` nothing does."""
        ...

    def paused(self, component: str) -> bool:
        """Whether something of it stands still; never of what does not run."""
        ...

    def exited(self) -> Mapping[str, int]:
        """What ended and was not asked to, until it is started again; with the exit code, negative: the signal."""
        ...

    def let_pass(self, seconds: float) -> None:
        """Drill time has jumped by so much: what the replica keeps for a time, answers of its resolver, gets older by it.

        Nothing that was kept before a jump over its whole life is answered with afterwards. What has some of its life
        left may stay or be forgotten. Nothing ends by it, nothing is started, and probes stay as they are.
        """
        ...

    def log(self, component: str) -> Path:
        """The file of this machine that has what it printed until now: of every start, and of those `exited` names too.

        It stays after `down`.
        """
        ...

    def audit_log(self, component: str) -> Path | None:
        """The file of this machine that says who asked it for what, call by call; None for what keeps no such log."""
        ...

    def shell(self, participant: str) -> ShellSpec:
        """What a terminal of that participant runs."""
        ...
