"""A component's container is killed soon after each start, and started again: over and over."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.container.contained import ContainerFault, container_of, running_container_of
from blackstart.faults.process.standing import bring_back
from blackstart.replica.programs import processes
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica
    from blackstart.replica.containers.server import ContainerServer

__all__ = ["ContainerRestartLoop", "loops"]

PROGRAM = "blackstart.faults.container.programs.restarting"


class ContainerRestartLoop(ContainerFault):
    """A program of ours (`programs/restarting.py`) is both the orchestrator that starts it and what kills it.

    Docker's own restart policy would not do: it does not restart what docker was asked to kill. The program runs on
    this machine and carries the drill's label, so the watchdog ends it with everything else. Its times are the
    machine's, in whatever time the drill runs.
    """

    name: ClassVar[str] = "container.restart-loop"
    summary: ClassVar[str] = (
        "a component's container dies (SIGKILL) soon after each start, and is started again"
    )
    within_s: ClassVar[float] = 30.0
    seen: ClassVar[str] = (
        "it answers for some seconds, then no connection comes about, and again; docker ps: up for seconds, exited with "
        "137, up again. Vault is sealed after each start"
    )
    fix: ClassVar[str] = (
        "end what kills it: kill PID of container.programs.restarting; start it: docker start CONTAINER; "
        "Vault must then be unsealed: bao operator unseal"
    )
    undone: ClassVar[str] = "ends what kills it, and starts it"

    alive: Duration = Field(default=3.0, ge=0.1, le=15, description="how long it lives each time")
    pause: Duration = Field(
        default=3.0, ge=1.5, le=60, description="how long it is down before it is started again"
    )

    def prepare(self, replica: Replica, target: str) -> Undo:
        running_container_of(replica, target)
        if loops(replica, target):
            raise ReplicaError(f"somebody restarts {target} over and over already")
        return {"component": target}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """One loop, with these parameters; it begins with a death."""
        _end_loops(replica, target)
        container = container_of(replica, target)
        container.hand_over()
        _start(replica.label, target, [*self._argv(container, target)])

    def _argv(self, container: ContainerServer, target: str) -> tuple[str, ...]:
        whose = ("--docker", container.docker, "--drill", container.label, "--component", target)
        return (*whose, "--alive", f"{self.alive:g}", "--pause", f"{self.pause:g}")

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """End the loop, and start it if it is down. ReplicaError when it does not come up."""
        _end_loops(replica, target)
        container_of(replica, target).take_back()
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return not loops(replica, target) and replica.running(target)


def loops(replica: Replica, target: str) -> list[int]:
    """The processes that restart a component over and over, also those that another process started."""
    return processes.of(_carried(replica.label, target))


def _carried(label: str, target: str) -> processes.Carried:
    """What a loop has in its environment: the drill's label, and whom it restarts. It is no part of the component."""
    return label, f"{target}/restarting"


def _start(label: str, target: str, argv: list[str]) -> None:
    """Returns once it goes on in the background."""
    carried = _carried(label, target)
    env = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        processes.LABEL: carried[0],
        processes.COMPONENT: carried[1],
    }
    command = [sys.executable, "-s", "-m", PROGRAM, *argv]
    try:
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=True, cwd="/")
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or b""
        raise ReplicaError(
            f"the program that restarts {target} cannot be started: {error} {said.decode(errors='replace')}"
        ) from error


def _end_loops(replica: Replica, target: str) -> None:
    """None is left: what a living one kills again, nobody could keep up. ReplicaError when one does not end."""
    carried = _carried(replica.label, target)
    processes.end_all(lambda: [(pid, carried) for pid in loops(replica, target)])
    if left := loops(replica, target):
        raise ReplicaError(
            f"the program that restarts {target} does not end",
            hint=f"end it by hand: kill -9 {' '.join(map(str, left))}",
        )
