"""A small process that outlives the harness by seconds: when the harness dies, it ends every server of the drill.

Started as a program of its own with the standard library alone. It holds the read end of a pipe whose write end
only the harness has. A byte on the pipe is a goodbye; the end of the pipe without one means that the harness died,
by whatever death. Then every process whose environment carries the drill's label is killed. Data folders stay.

The other half of this module, `start`, `processes` and `kill`, is what the harness and `recover` import.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

__all__ = ["VARIABLE", "Watchdog", "kill", "processes", "start"]

VARIABLE = "BLACKSTART_LABEL"
"""What every process of a replica carries in its environment, and whatever it starts inherits."""

QUIET_SCANS = 3
"""Looks in a row that must find nothing: a server may just be starting another one, which carries the label only
from its exec on."""

SCAN_GAP_S = 0.05

LIMIT_S = 10.0
"""Seconds after which a process that does not end by SIGKILL (it hangs in the kernel) is reported, not waited for."""

GOODBYE_S = 5.0
"""Seconds that a watchdog gets to end by itself; it needs a millisecond."""


def processes(label: str) -> list[int]:
    """Every living process of this machine that carries the label, save the caller.

    Processes of other users cannot be read and are never found: a drill's servers run as its own user.
    """
    if not label:
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _carries(int(name), label)]


def _carries(pid: int, label: str) -> bool:
    """Whether a process that lives (a zombie does not) has the label in its environment."""
    if pid == os.getpid():
        return False
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return f"{VARIABLE}={label}".encode() in file.read().split(b"\0")
    except OSError:  # it has ended meanwhile, or it is another user's
        return False


def kill(label: str, limit_s: float = LIMIT_S) -> list[int]:
    """End every process with the label, until several looks in a row find none. Returns the ones it met.

    A stopped process is killed as well: SIGKILL needs no continuing. Returns even when some will not go; `processes`
    says which.
    """
    met: list[int] = []
    quiet = 0
    ends = time.monotonic() + limit_s
    while label and quiet < QUIET_SCANS and time.monotonic() < ends:
        found = processes(label)
        for pid in found:
            _kill_if_ours(pid, label)
        met += [pid for pid in found if pid not in met]
        quiet = 0 if found else quiet + 1
        if quiet < QUIET_SCANS:
            time.sleep(SCAN_GAP_S)
    return met


def _kill_if_ours(pid: int, label: str) -> None:
    """Kill by a handle on the process, so that a number used again never hits a stranger."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:  # it has ended
        return
    try:
        if _carries(pid, label):  # read again: now the number cannot change hands
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        pass  # it has ended meanwhile
    finally:
        os.close(handle)


# --- the harness's side ---------------------------------------------------------------------------


class Watchdog:
    """The harness's hand on its watchdog. Whoever started it says `goodbye`."""

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self._pipe = pipe

    def goodbye(self) -> None:
        """The drill is over and its servers are down: the watchdog ends, and is gone when this returns. Idempotent."""
        if self._pipe < 0:
            return
        pipe, self._pipe = self._pipe, -1
        try:
            os.write(pipe, b"x")
        except BrokenPipeError:
            pass  # somebody ended it already
        os.close(pipe)
        self._reap()

    def _reap(self) -> None:
        """See it end. One that does not (somebody stopped it) is killed: it must never be left behind."""
        try:
            handle = os.pidfd_open(self.pid)
            try:
                if not select.select([handle], [], [], GOODBYE_S)[0]:
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            finally:
                os.close(handle)
            os.waitpid(self.pid, 0)
        except (ChildProcessError, ProcessLookupError):
            pass  # reaped by somebody else


def start(label: str, folder: str | os.PathLike[str]) -> Watchdog:
    """Start a watchdog for the drill with this label; what it does goes to `<folder>/watchdog.log`.

    It runs in a session of its own, so that no key of the terminal reaches it, and carries no label itself. The
    write end of its pipe is closed in every program that the harness starts. ValueError for an empty label.
    """
    import subprocess

    if not label:
        raise ValueError("a watchdog needs the label of its drill")
    read_end, write_end = os.pipe()
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-E", os.path.abspath(__file__), label, os.path.abspath(folder)],
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != VARIABLE},
            cwd="/",
        )
    except BaseException:
        os.close(write_end)
        raise
    finally:
        os.close(read_end)
    child.returncode = 0  # reaped in `goodbye`, not by subprocess
    return Watchdog(child.pid, write_end)


# --- the watchdog's own process -------------------------------------------------------------------


def main(label: str, folder: str) -> None:
    """Wait for the goodbye, or for the harness's death; then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    if os.read(0, 1):
        return
    names = {pid: _name(pid) for pid in processes(label)}
    met = kill(label)
    left = processes(label)
    ended = (
        ", ".join(f"{names.get(pid, '?')} ({pid})" for pid in met if pid not in left)
        or "nothing was left to end"
    )
    _log(folder, f"the harness of {label} died; ended: {ended}")
    for pid in left:
        _log(folder, f"process {pid} ({_name(pid)}) does not end; end it by hand: kill -9 {pid}")


def _name(pid: int) -> str:
    """What a process calls itself, in at most 15 characters."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "?"


def _log(folder: str, text: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        with open(os.path.join(folder, "watchdog.log"), "a", encoding="utf-8") as log:
            log.write(f"{stamp} {text}\n")
    except OSError:
        pass  # the folder is gone or full: what had to be done is done


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
