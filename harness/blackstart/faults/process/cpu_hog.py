"""Something takes a component's CPU: it answers late, or not in time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.process.questions import latency
from blackstart.faults.process.standing import bring_back, paused, pids
from blackstart.faults.process.under import PROGRAMS
from blackstart.source import Duration
from blackstart.watchdog import VARIABLE, processes

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["ProcessCpuHog", "hogs"]

MARK = "BLACKSTART_HOG"
"""In the environment of a hog: whose CPU it takes."""


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
    grows_by: ClassVar[tuple[str, ...]] = ("period",)

    share: float = Field(default=0.05, gt=0, le=0.5, description="the part of the time in which it may run")
    period: Duration = Field(
        default=1.7, ge=0.5, le=10, description="how long running and waiting take together"
    )
    threshold: Duration = Field(
        default=0.2, ge=0.05, le=2, description="an answer that takes longer turns the probe red"
    )

    def prepare(self, replica: Replica, target: str) -> Undo:
        if hogs(replica, target):
            raise ReplicaError(f"somebody takes the CPU of {target} already")
        return {"component": target}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """One hog, with these parameters. ReplicaError when the component does not run."""
        _end_hogs(replica, target)
        numbers = ("--share", f"{self.share:g}", "--period", f"{self.period:g}")
        argv = [sys.executable, "-I", "-S", str(PROGRAMS / "hog.py"), *numbers]
        for group in _groups(replica, target):
            self._start([*argv, "--group", str(group)], replica.label, target)

    def _start(self, argv: list[str], label: str, target: str) -> None:
        env = {"PATH": os.defpath, "LANG": "C.UTF-8", VARIABLE: label, MARK: target}
        try:
            subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True, cwd="/")
        except (OSError, subprocess.CalledProcessError) as error:
            raise ReplicaError(f"the hog of {target} cannot be started: {error}") from error

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """End the hogs and let the component go on; start it if it ended. ReplicaError when it does not come up."""
        _end_hogs(replica, target)
        replica.resume(target)
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return not hogs(replica, target) and replica.running(target) and not paused(replica, target)

    def probe(self, replica: Replica, target: str) -> Probe:
        return latency(replica, target, self.threshold)


def _groups(replica: Replica, target: str) -> set[int]:
    """The process groups of the component. ReplicaError when it has none of its own: a stranger might be in it."""
    found = pids(replica, target)
    groups = {os.getpgid(pid) for pid in found}
    if not groups or not groups <= set(found):
        raise ReplicaError(f"{target} does not run in a process group of its own: its CPU cannot be taken")
    return groups


def hogs(replica: Replica, target: str) -> list[int]:
    """The hogs of a component, also those that another process started."""
    mark = f"{MARK}={target}".encode()
    return [pid for pid in processes(replica.label) if mark in _environment(pid)]


def _environment(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:  # it has ended
        return []


def _end_hogs(replica: Replica, target: str) -> None:
    """Returns when none is left: what a living one stops again, nobody could let go on."""
    while found := hogs(replica, target):
        for pid in found:
            _kill(pid, target)


def _kill(pid: int, target: str) -> None:
    """SIGKILL by a handle, so that a number used again hits nobody else; returns when it has ended."""
    import select

    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if f"{MARK}={target}".encode() in _environment(pid):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], 1.0)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)
