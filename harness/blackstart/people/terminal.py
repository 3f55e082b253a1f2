"""A real shell in a pseudo-terminal, with hooks that say on a pipe of their own when a command starts and ends.

The screen is never parsed for facts. Two marks in it (escape sequences that terminals do not show, with a random
word) only tell which part of the screen is a command's output. All waiting is on file descriptors.
"""

from __future__ import annotations

import os
import secrets
import select
import signal
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart import watchdog

if TYPE_CHECKING:
    from blackstart.clock import TimeSource
    from blackstart.replica.base import ShellSpec

__all__ = ["COLUMNS", "ROWS", "Terminal"]

COLUMNS, ROWS = 120, 40

CHUNK = 65_536

LAST_WORDS_S = 0.05
"""How long a shell's last output may take to pass through the kernel while a job of it still holds the terminal."""

DEATH_S = 10.0
"""How long a killed process may take to be gone; it takes a millisecond unless the machine is stuck."""

KILL_ROUNDS = 2
"""Twice, for what was forked while the first round went on."""

# The shell leads a session of its own, and the first terminal such a leader opens becomes its controlling one:
# without that, Ctrl-C and job control would not work. A small sh opens it, then becomes the shell.
_LAUNCHER = ("/bin/sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1')

_HOOKS = r"""
__blackstart_prompt() {{
    local code=$?
    builtin printf 'prompt %d\n' "$code" >&{say}
    builtin printf '\e]133;D;{word}\a' >/dev/tty
}} 2>/dev/null
__blackstart_start() {{
    local go
    builtin printf 'start\n' >&{say}
    builtin read -r -t 10 -u {hear} go
    builtin printf '\e]133;C;{word}\a' >/dev/tty
}} 2>/dev/null
unset HISTFILE HISTCONTROL HISTIGNORE
set +o histexpand
bind 'set enable-bracketed-paste on' 2>/dev/null
bind 'set enable-active-region off' 2>/dev/null
PS0='$(__blackstart_start)'
PROMPT_COMMAND=__blackstart_prompt
declare +x PROMPT_COMMAND
readonly PS0 PROMPT_COMMAND
__blackstart_prompt
"""
"""Run once, before the first prompt: it arrives as PROMPT_COMMAND and takes itself out of the environment.

A start waits for the harness's word (at most 10 s), so that the start is on record before anything happens.
"""


class Terminal:
    """One running shell. `on_output` is given all that the screen shows. The owner calls `close`."""

    def __init__(self, spec: ShellSpec, on_output: Callable[[bytes], None], time: TimeSource) -> None:
        word = secrets.token_hex(8)
        self.start_mark = f"\x1b]133;C;{word}\x07".encode()
        self.end_mark = f"\x1b]133;D;{word}\x07".encode()
        self.prompts = 0
        self.starts = 0
        self.last_exit = 0
        self.exit_code: int | None = None
        self._on_output = on_output
        self._time = time
        self._said = b""
        self._to_type = b""
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        termios.tcsetwinsize(self._slave, (ROWS, COLUMNS))
        self._said_r, said_w = os.pipe()
        heard_r, self._go_w = os.pipe()
        hooks = _HOOKS.format(say=said_w, hear=heard_r, word=word)
        try:
            self._process = self._spawn(spec, hooks, (said_w, heard_r))
        finally:
            os.close(said_w)
            os.close(heard_r)
        self._pidfd = os.pidfd_open(self._process.pid)
        self._poll = select.poll()
        for fd in (self._master, self._said_r, self._pidfd):
            self._poll.register(fd, select.POLLIN)

    def _spawn(self, spec: ShellSpec, hooks: str, fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*_LAUNCHER, os.ttyname(self._slave), *spec.argv],
            env={**spec.env, "PROMPT_COMMAND": hooks},
            cwd=spec.cwd,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=fds,
        )
        watchdog.mark(
            process.pid, spec.env.get(watchdog.VARIABLE, "")
        )  # whatever is typed here ends with the drill
        return process

    # --- what is known --------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        return self.exit_code is None

    def listening(self) -> bool:
        """Whether the shell waits for a line: it has said so, and it reads key by key (its line editor does)."""
        if not self.alive or not self.prompts:
            return False
        local_modes: int = termios.tcgetattr(self._slave)[3]
        return not local_modes & termios.ICANON

    # --- what can be done -----------------------------------------------------------------------

    def type(self, data: bytes) -> None:
        """Keys on the keyboard; they are sent while the terminal is waited for."""
        self._to_type += data
        self._poll.modify(self._master, select.POLLIN | select.POLLOUT)

    def go(self) -> None:
        """Let the command that said it starts go on."""
        os.write(self._go_w, b"\n")

    def wait(self, done: Callable[[], bool], limit_s: float) -> bool:
        """Serve the terminal until `done`, its end, or the limit in real seconds; returns whether it was done.

        What has happened by then counts, although it may be seen only now: this process may have stood still itself.
        """
        began = self._time.now()
        while not done():
            left_s = limit_s - self._time.now().seconds_since(began)
            if not self.alive:
                return False
            self._serve(max(0.0, left_s))
            if left_s <= 0:
                return done()
        return True

    def interrupt(self) -> None:
        """What Ctrl-C does: SIGINT to whatever has the terminal."""
        _signal(os.tcgetpgrp(self._master), signal.SIGINT)

    def kill_foreground(self) -> bool:
        """End the command that has the terminal; False, and nothing happens, when that is the shell itself."""
        group = os.tcgetpgrp(self._master)
        if group == self._process.pid:
            return False
        _signal(group, signal.SIGKILL)
        return True

    def kill(self) -> None:
        """End the shell and everything it started that still is in its session."""
        for _ in range(KILL_ROUNDS):
            for pid in _session(self._process.pid):
                _end(pid)
        self.wait(lambda: False, limit_s=DEATH_S)

    def close(self) -> None:
        """End everything and let go of the terminal. Closing again does nothing."""
        if self._master < 0:
            return
        self.kill()
        self._process.wait()
        for fd in (self._master, self._slave, self._said_r, self._go_w, self._pidfd):
            if fd >= 0:
                os.close(fd)
        self._master = self._slave = -1

    # --- serving --------------------------------------------------------------------------------

    def _serve(self, limit_s: float) -> None:
        """Wait for one thing to happen, and see to it."""
        for fd, event in self._poll.poll(max(1, limit_s * 1000)):
            if fd == self._master and event & select.POLLOUT:
                self._send()
            if fd == self._master and event & select.POLLIN:
                self._receive()
            elif fd == self._said_r:
                self._hear()
            elif fd == self._pidfd:
                self._bury()

    def _send(self) -> None:
        try:
            self._to_type = self._to_type[os.write(self._master, self._to_type) :]
        except BlockingIOError:
            return
        if not self._to_type:
            self._poll.modify(self._master, select.POLLIN)

    def _receive(self) -> bool:
        """Take what the screen shows; returns whether there was anything."""
        try:
            data = os.read(self._master, CHUNK)
        except OSError:  # nothing there now (EAGAIN), or nobody is left to write (EIO)
            return False
        self._on_output(data)
        return bool(data)

    def _hear(self) -> None:
        """Take in what the hooks say, by whole lines."""
        data = os.read(self._said_r, CHUNK)
        if not data:
            self._poll.unregister(self._said_r)  # the shell and all its children closed it
            return
        *lines, self._said = (self._said + data).split(b"\n")
        for line in lines:
            if line == b"start":
                self.starts += 1
            elif line.startswith(b"prompt "):
                self.last_exit = int(line.removeprefix(b"prompt "))
                self.prompts += 1

    def _bury(self) -> None:
        """The shell has ended: take its last words, then its exit code (128 + n for a signal, as shells say)."""
        code = self._process.wait()
        os.close(self._slave)
        self._slave = -1
        last = select.poll()
        last.register(self._master, select.POLLIN)
        while last.poll(LAST_WORDS_S * 1000) and self._receive():
            pass
        self.exit_code = code if code >= 0 else 128 - code


def _signal(group: int, number: signal.Signals) -> None:
    """A signal to a process group; none to one that is gone, and none to no group."""
    try:
        if group > 0:
            os.killpg(group, number)
    except ProcessLookupError:
        pass


def _end(pid: int) -> None:
    """Kill one process and wait until it is gone, by a handle that no later process can take over."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        gone.poll(DEATH_S * 1000)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def _session(leader: int) -> list[int]:
    """Every process of the session that `leader` began, itself included, save those that only wait to be buried."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, session, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended while we looked
                continue
            if int(session) == leader and state not in ("Z", "X"):
                members.append(int(entry.name))
    return members
