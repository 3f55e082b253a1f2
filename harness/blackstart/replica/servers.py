"""One server process of the replica: started in a group of its own, ended whole, its output kept."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from blackstart.errors import ReplicaError
from blackstart.replica.waiting import wait_until

__all__ = ["Launch", "Server", "tail"]

STOP_PATIENCE_S = 5.0
"""How long a server may take over SIGTERM before SIGKILL; OpenBao takes one second."""

_TAIL_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a server. `env` is its whole environment, `cwd` where its relative paths begin."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path


class Server:
    """A process that may be started, stopped, killed and paused again and again. The owner calls `stop` or `kill`.

    Not for many threads at once; `exited_by_itself` may be asked from any.
    """

    def __init__(self, name: str, launch: Launch, log: Path) -> None:
        self.name = name
        self.launch = launch
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it; nothing happens when it runs. ReplicaError when the program cannot be run at all."""
        if self.running():
            return
        self.launch.cwd.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            try:
                self._process = subprocess.Popen(
                    list(self.launch.argv),
                    env=dict(self.launch.env),
                    cwd=self.launch.cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # a group of its own: ended whole, and deaf to the terminal's Ctrl-C
                )
            except OSError as error:
                raise ReplicaError(f"{self.name} cannot be started: {error}") from error
        self._wanted = True

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def exited_by_itself(self) -> int | None:
        """Its exit code (negative: the signal) when it ended without being asked to."""
        return self._process.poll() if self._wanted and self._process else None

    def ask_to_end(self) -> None:
        """SIGTERM; a paused one is woken for it."""
        self._wanted = False
        self._signal(signal.SIGTERM, whole_group=False)
        self._signal(signal.SIGCONT)

    def stop(self, patience_s: float = STOP_PATIENCE_S) -> None:
        """SIGTERM, then SIGKILL after the patience; returns when it is gone and reaped."""
        self.ask_to_end()
        wait_until(lambda: not self.running(), patience_s)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to its whole group; returns when it is gone and reaped."""
        self._wanted = False
        if self._process is None:
            return
        # Also when the leader is gone already: its children may not be.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals, *, whole_group: bool = True) -> None:
        """Send a signal if it runs. It is our own child and not reaped, so its number cannot be another's."""
        if not self.running() or self._process is None:
            return
        with suppress(ProcessLookupError):
            if whole_group:
                os.killpg(self._process.pid, number)
            else:
                os.kill(self._process.pid, number)

    def failed(self, what: str) -> ReplicaError:
        """The error that says why it is not in service, with its last lines."""
        code = self._process.poll() if self._process else None
        state = "still runs" if code is None else f"ended with code {code}"
        return ReplicaError(
            f"{self.name} {what} ({state}). Its last lines:\n{tail(self.log, 12)}",
            hint=f"the whole log: {self.log}",
        )


def tail(log: Path, lines: int) -> str:
    """The last lines of a log; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
