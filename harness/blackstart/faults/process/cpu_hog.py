"""Something takes a component's CPU: it answers late, or not in time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, model_validator

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.process.standing import bring_back, pids
from blackstart.faults.process.under import PROGRAMS
from blackstart.replica.programs import processes
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["ProcessCpuHog", "hogs"]


class ProcessCpuHog(Fault):
    """The component runs for a share of the time only, stopped and continued by `programs/hog.py` as cpulimit does,
    and as the kernel does to a container whose CPU quota is used up.

    Processes that really burn CPU would not do: fair scheduling hides them. Fifty of them on the component's only
    core left its answers at 1.5 ms, and the harness lives on the same machine.
    """

    name: ClassVar[str] = "process.cpu-hog"
    summary: ClassVar[str] = "a component gets a small share of the CPU: its answers are late"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    turns_red: ClassVar[str] = "{target}-latency"
    within_s: ClassVar[float] = 15.0
    seen: ClassVar[str] = (
        "most answers are late, up to a whole period, some not; a program hog.py runs, and the component is often in "
        "state T"
    )
    fix: ClassVar[str] = "end the hog: kill PID of hog.py; or restart the component: service restart NAME"
    undone: ClassVar[str] = "ends the hogs, and lets the component go on"
    grows_by: ClassVar[tuple[str, ...]] = ("period",)

    share: float = Field(default=0.05, gt=0, le=0.5, description="the part of the time in which it may run")
    period: Duration = Field(
        default=1.7, ge=0.5, le=10, description="how long running and waiting take together"
    )
    threshold: Duration = Field(
        default=0.2, ge=0.05, le=2, description="an answer that takes longer turns the probe red"
    )

    @model_validator(mode="after")
    def _can_be_seen(self) -> Self:
        """Half of the answers at least must be late enough, or the probe would say nothing for long."""
        waits_s = (1 - self.share) * self.period
        if self.threshold > waits_s / 2:
            raise ValueError(
                f"threshold must be at most half of the time for which the component waits, {waits_s / 2:g} s here, "
                "or too few answers are late"
            )
        return self

    def prepare(self, replica: Replica, target: str) -> Undo:
        if hogs(replica, target):
            raise ReplicaError(f"somebody takes the CPU of {target} already")
        return {"component": target}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """One hog, with these parameters. ReplicaError when the component does not run."""
        _end_hogs(replica, target)
        numbers = ("--share", f"{self.share:g}", "--period", f"{self.period:g}")
        argv = [sys.executable, "-I", str(PROGRAMS / "hog.py"), *numbers]
        label, name = _carried(replica, target)
        env = {"PATH": os.defpath, "LANG": "C.UTF-8", processes.LABEL: label, processes.COMPONENT: name}
        for group in _groups(replica, target):
            _started([*argv, "--group", str(group)], env)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """End the hogs and let the component go on; start it if it ended. ReplicaError when it does not come up."""
        _end_hogs(replica, target)
        replica.resume(target)
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return not hogs(replica, target) and replica.running(target) and not replica.paused(target)

    def probe(self, replica: Replica, target: str) -> Probe:
        from blackstart.faults.process.questions import latency

        return latency(replica, target, self.threshold)


def _started(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Returns once it goes on in the background."""
    try:
        subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True, cwd="/")
    except (OSError, subprocess.CalledProcessError) as error:
        raise ReplicaError(f"the hog {' '.join(argv)} cannot be started: {error}") from error


def _groups(replica: Replica, target: str) -> set[int]:
    """The process groups of the component. ReplicaError when it has none of its own: a stranger might be in it."""
    found = pids(replica, target)
    groups = {group for pid in found if (group := _group(pid))}
    if not groups or not groups <= set(found):
        raise ReplicaError(f"{target} does not run in a process group of its own: its CPU cannot be taken")
    return groups


def _group(pid: int) -> int:
    """Its process group; 0 when it has ended."""
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def hogs(replica: Replica, target: str) -> list[int]:
    """The hogs of a component, also those that another process started."""
    return processes.of(_carried(replica, target))


def _carried(replica: Replica, target: str) -> processes.Carried:
    """What a hog has in its environment: the drill's label, and whose CPU it takes. It is no part of the component."""
    return replica.label, f"{target}/hog"


def _end_hogs(replica: Replica, target: str) -> None:
    """None is left: what a living one stops again, nobody could let go on. ReplicaError when one does not end."""
    carried = _carried(replica, target)
    processes.end_all(lambda: [(pid, carried) for pid in hogs(replica, target)])
    if left := hogs(replica, target):
        raise ReplicaError(
            f"the hog of {target} does not end", hint=f"end it by hand: kill -9 {' '.join(map(str, left))}"
        )
