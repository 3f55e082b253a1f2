"""A small process that outlives the harness by seconds: when the harness dies, it ends every server of the drill.

Started as a program of its own with the standard library alone. It holds the read end of a pipe whose write end
only the harness has. A byte on the pipe is a goodbye; the end of the pipe without one means that the harness died,
by whatever death. Then every process whose environment carries the drill's label is killed. Data folders stay.

The other half of this module, `start` and `processes`, is what the harness imports.
"""

from __future__ import annotations

import os
import signal
import sys
import time

__all__ = ["Watchdog", "kill", "processes", "start"]

VARIABLE = "BLACKSTART_LABEL"
QUIET_SCANS = 2
SCAN_GAP_S = 0.05


def processes(label: str) -> list[int]:
    """Every living process of this machine that carries the label, save the caller."""
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


def kill(label: str, limit_s: float = 10.0) -> list[int]:
    """End every process with the label, until two looks in a row find none. Returns the ones it met.

    A stopped process is killed as well: SIGKILL needs no continuing. Returns even when some will not go.
    """
    met: list[int] = []
    quiet = 0
    ends = time.monotonic() + limit_s
    while quiet < QUIET_SCANS and time.monotonic() < ends:
        found = processes(label)
        quiet = 0 if found else quiet + 1
        for pid in found:
            _kill_if_ours(pid, label)
        met += [pid for pid in found if pid not in met]
        time.sleep(SCAN_GAP_S if found or quiet < QUIET_SCANS else 0)
    return met


def _kill_if_ours(pid: int, label: str) -> None:
    """Kill by a handle on the process, so that a number used again never hits a stranger."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if _carries(pid, label):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        pass
    finally:
        os.close(handle)


class Watchdog:
    """The harness's hand on its watchdog. `goodbye` lets it end in peace."""

    def __init__(self, pid: int, pipe: int) -> None:
        self.pid = pid
        self._pipe = pipe

    def goodbye(self) -> None:
        """The drill is over and its servers are down: the watchdog ends. Idempotent."""
        if self._pipe < 0:
            return
        try:
            os.write(self._pipe, b"x")
        except BrokenPipeError:
            pass
        os.close(self._pipe)
        self._pipe = -1
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass


def start(label: str, folder: str | os.PathLike[str]) -> Watchdog:
    """Start a watchdog for the drill with this label; what it does goes to `<folder>/watchdog.log`.

    It runs in a session of its own, so that no key of the terminal reaches it, and carries no label itself.
    """
    import subprocess

    read_end, write_end = os.pipe()
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    try:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-E", __file__, label, os.path.abspath(folder)],
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
            cwd="/",
        )
    finally:
        os.close(read_end)
    child.returncode = 0  # reaped in `goodbye`, not by subprocess
    return Watchdog(child.pid, write_end)


def main(label: str, folder: str) -> None:
    """Wait for the goodbye, or for the harness's death; then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if os.read(0, 1):
        return
    met = kill(label)
    left = processes(label)
    with open(os.path.join(folder, "watchdog.log"), "a", encoding="utf-8") as log:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        log.write(f"{stamp} the harness died; ended {len(met)} processes of {label}, {len(left)} left\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
