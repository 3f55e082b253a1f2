"""One server of the replica, as everybody may handle it: the harness, one that heals after it, a person at a shell.

Nothing about it is kept in memory: which process it is stands in a file, `{"pid", "began", "wanted"}`, and the
process is known by its number, the moment it began, and the label and component in its environment.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from blackstart.replica.programs import processes
from blackstart.replica.programs.processes import COMPONENT, LABEL, Carried

__all__ = ["STOP_PATIENCE_S", "UNKNOWN_CODE", "Launch", "Supervised"]

STOP_PATIENCE_S = 5.0
"""How long a server may take over SIGTERM before SIGKILL; OpenBao takes one second."""

PAUSE_PATIENCE_S = 5.0
"""How long a process may go on after SIGSTOP."""

UNKNOWN_CODE = 255
"""The exit code of a process whose parent did not keep it: the kernel tells it to nobody else."""

_LOOK_EVERY_S = 0.005


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a server. `env` is its whole environment, with the label; `cwd` where its relative paths begin."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a server's process. `wanted`: nobody asked for its end. `code`: with which it ended, if told."""

    pid: int
    began: int
    wanted: bool
    code: int | None = None


class Supervised:
    """A server that may be started, stopped, killed and paused again and again, from any process and thread.

    Its process leads a session and a group of its own, writes to `log`, and its state is in the file `state`.
    ValueError for a launch without a label: nobody could find its processes again.
    """

    def __init__(self, name: str, launch: Launch, log: Path, state: Path) -> None:
        if not launch.env.get(LABEL):
            raise ValueError(f"{name} has no {LABEL} in its environment")
        self.name = name
        self.launch = launch
        self.log = log
        self._state = state
        self._ended: State | None = None

    @property
    def _carried(self) -> Carried:
        return self.launch.env[LABEL], self.name

    @property
    def pid(self) -> int | None:
        """The number of its process while it runs."""
        state = self._known()
        return state.pid if state and self._lives(state) else None

    def pids(self) -> list[int]:
        """Every living process of it."""
        return processes.of(self._carried)

    def running(self) -> bool:
        return self.pid is not None

    def start(self, through: Sequence[str] = (), more: Sequence[str] = ()) -> bool:
        """Start it, with `through` before its own words and `more` behind; False, and nothing happens, when it runs.

        What is left of an earlier life is ended first. OSError when the program cannot be run at all.
        """
        with self._locked():
            known = self._known()
            if known and self._lives(known):
                return False
            if known:
                self._end_all()
                self._reap()
            try:
                self._remember(self._spawn([*through, *self.launch.argv, *more]))
            except OSError:  # a full disk: what nobody could find again must not run
                self._end_all()
                raise
        return True

    def _spawn(self, argv: Sequence[str]) -> State:
        self.launch.cwd.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                list(argv),
                env={**self.launch.env, COMPONENT: self.name},
                cwd=self.launch.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, deaf to the terminal's Ctrl-C
            )
        processes.await_start(child.pid)
        child.returncode = 0  # reaped by `_reap`, whoever asks, not by subprocess
        return State(child.pid, processes.began(child.pid) or 0, True)

    def exited_by_itself(self) -> int | None:
        """Its exit code (negative: the signal) when it ended without being asked to; UNKNOWN_CODE if nobody kept it."""
        known = self._known()
        if known is None or not known.wanted or known == self._ended or self._lives(known):
            return None
        with self._locked():
            return self._reap()

    def ask_to_end(self) -> None:
        """SIGTERM; a paused one is woken for it."""
        self._not_wanted()
        if (pid := self.pid) is not None:
            processes.send(pid, signal.SIGTERM, self._carried)
            processes.send(pid, signal.SIGCONT, self._carried)

    def stop(self, patience_s: float = STOP_PATIENCE_S) -> None:
        """SIGTERM, then SIGKILL after the patience to whatever is left of it; returns when all of it is gone."""
        self.ask_to_end()
        ends = time.monotonic() + patience_s
        while self.running() and time.monotonic() < ends:
            time.sleep(_LOOK_EVERY_S)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to every process of it; returns when they are gone."""
        self._not_wanted()
        self._end_all()
        self.reap()

    def _end_all(self) -> None:
        processes.end_all(lambda: [(pid, self._carried) for pid in self.pids()])

    def pause(self) -> None:
        """SIGSTOP to every process of it. Each stops when it next leaves the kernel: at once, save when it waits for a
        disk; one that goes on all the same is no longer waited for."""
        processes.send_all(signal.SIGSTOP, self._carried)
        ends = time.monotonic() + PAUSE_PATIENCE_S
        while self.going_on() and time.monotonic() < ends:
            time.sleep(_LOOK_EVERY_S)

    def going_on(self) -> list[int]:
        """Its processes that no signal has stopped."""
        return [pid for pid in self.pids() if not processes.paused(pid)]

    def paused(self) -> bool:
        """Whether a process of it is stopped by a signal."""
        return any(map(processes.paused, self.pids()))

    def resume(self) -> None:
        processes.send_all(signal.SIGCONT, self._carried)

    # --- its state --------------------------------------------------------------------------------

    def _known(self) -> State | None:
        try:
            return State(**json.loads(self._state.read_bytes()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def _lives(self, state: State) -> bool:
        return processes.lives(state.pid, state.began, self._carried)

    def _remember(self, state: State) -> None:
        """Readers see the old or the new. What cannot be written (a full disk) is remembered here at least."""
        beside = self._state.with_suffix(".new")
        beside.write_text(json.dumps(asdict(state)), "ascii")
        os.replace(beside, self._state)

    def _not_wanted(self) -> None:
        """From now on its end is no news."""
        if self._known() is None:
            return
        with self._locked():
            known = self._known()
            if known is None or not known.wanted:
                return
            self._ended = known
            with suppress(OSError):  # a full disk: this object knows all the same
                self._remember(replace(known, wanted=False))

    def reap(self) -> None:
        """If it ended and was our child: no zombie stays."""
        if self._known() is not None:
            with self._locked():
                self._reap()

    def _reap(self) -> int | None:
        """Its exit code; None while it lives, and while it is still ending after all the time that it gets for that."""
        known = self._known()
        if known is None or self._lives(known):
            return None
        if known.code is not None:
            return known.code
        if processes.began(known.pid) == known.began:
            processes.await_end(known.pid)  # it has lost its environment already, and is about to end
        try:
            pid, status = os.waitpid(known.pid, os.WNOHANG)
        except ChildProcessError:
            return UNKNOWN_CODE
        if pid == 0:
            return None
        code = os.waitstatus_to_exitcode(status)
        with suppress(OSError):
            self._remember(replace(known, code=code))
        return code

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One at a time, over all processes; the kernel lets go of it however its holder ends.

        Where no lock can be had (a full disk) it goes on without: a server must be ended all the same.
        """
        with ExitStack() as stack:
            with suppress(OSError):
                self._state.parent.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context(self._state.with_suffix(".lock").open("ab"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
