"""A small process that outlives the harness by two seconds: when the harness dies, it heals and ends everything.

Started as a program of its own with the standard library alone. It holds the read end of a pipe whose write end
only the harness has. A line `x` is a goodbye; the end of the pipe without one means that the harness died, by
whatever death. A line `L 60` is a lease: without another line within 60 seconds the harness hangs, and is killed.

After a death one healer is started (`blackstart.faults.healer`), which undoes what is open in the ledger. Then, at
the latest HEALING_S after the notice, every process that carries the drill's label is killed. Where its servers are
containers, a sweep (`replica.containers.sweep`) mends these at once and ends them last. Data folders and volumes stay.

The other half of this module, `start`, `processes`, `kill`, `mark`, `finished`, `end_stopped`, is what the harness
imports.
"""

from __future__ import annotations

import fcntl
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from functools import partial

TYPE_CHECKING = False  # the one of `typing` would cost a megabyte
if TYPE_CHECKING:
    import subprocess

__all__ = [
    "CONTAINERS",
    "VARIABLE",
    "Watchdog",
    "end_stopped",
    "finished",
    "kill",
    "mark",
    "processes",
    "start",
]

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

HEALING_S = 1.5
"""Seconds from the notice that the healer has: all is to be over after 2, and ending the servers takes 0.2 to 0.4."""

HEALING_CONTAINERS_S = 1.8
"""The same where the servers are containers: the healer's way to docker takes longer, and all is to be over after 3."""

LOCK_S = 1.0
"""Seconds to get the drill's folder from a harness that is dead: the kernel lets go of it as it buries the process."""

RENEW_EVERY_S = 0.2
"""A lease that was renewed less than this ago is not renewed again: a conductor's loop asks a thousand times a second."""

OVERSLEPT_S = 1.0
"""A lease found over this late was not watched: the machine stood still, and the harness with it."""

LONGEST_POLL_S = 3600.0
"""A longer lease is waited for in parts: poll takes no more than 24 days."""

HEALER = "blackstart.faults.healer"

CONTAINERS = "docker.json"
"""In the folder of a replica whose servers are containers: which docker has them (`replica.containers.note`)."""

_REPLICA = "replica"
_SWEEP = ("replica", "containers", "sweep.py")
_SWEEP_S = 25.0
"""Seconds for docker to end the containers; it takes one."""

_LOCK = ".lock"
_KEEPER = "watchdog"
"""Stands behind the number in a drill's lock, while it is a watchdog that holds it (`drill.folder` has the lock)."""


def processes(label: str) -> list[int]:
    """Every living process of this machine that carries the label or its mark, save the caller.

    Processes of other users cannot be read and are never found: a drill's servers run as its own user.
    """
    if not label:
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _carries(int(name), label)]


def _carries(pid: int, label: str) -> bool:
    """Whether a process that lives (a zombie does not) has the label in its environment, or its mark."""
    if pid == os.getpid():
        return False
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            if f"{VARIABLE}={label}".encode() in file.read().split(b"\0"):
                return True
        _, hard = resource.prlimit(pid, resource.RLIMIT_RTTIME)
        return hard == _number(label) and _stat(pid)[0] not in (b"Z", b"X")
    except OSError:  # it has ended meanwhile, or it is another user's
        return False


def mark(pid: int, label: str) -> None:
    """Mark a process with the label in a way that `env -i` and `setsid` in a participant's shell do not take off.

    The mark is a hard limit that every descendant inherits: on the processor time of real-time scheduling, so high
    (over 36,000 years) that it limits nothing. What is started later has it too; what a daemon of the system starts
    on somebody's behalf (at, cron, systemd-run, docker) has not, nor what sets that limit on purpose.
    Where it cannot be set, the environment alone tells. An empty label marks nothing.
    """
    if not label:
        return
    number = _number(label)
    try:
        resource.prlimit(pid, resource.RLIMIT_RTTIME, (number, number))
    except (OSError, ValueError):
        pass  # it has ended, or somebody set a lower limit before us


def _number(label: str) -> int:
    """A number between 2^60 and 2^61 that is as good as this label's own (FNV-1a)."""
    number = 0xCBF29CE484222325
    for byte in label.encode():
        number = (number ^ byte) * 0x100000001B3 % 2**64
    return 2**60 + number % 2**60


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
    _kill_if(pid, lambda: _carries(pid, label))


def _kill_if(pid: int, ours: Callable[[], bool]) -> bool:
    """Kill by a handle on the process, so that a number used again never hits a stranger; whether it was killed."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:  # it has ended
        return False
    try:
        if ours():  # asked again: now the number cannot change hands
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            return True
    except OSError:
        pass  # it has ended meanwhile
    finally:
        os.close(handle)
    return False


def _stat(pid: int) -> list[bytes]:
    """What the kernel tells of a process behind its name: first its state, at 19 when it began. OSError for none."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()


# --- the harness's side ---------------------------------------------------------------------------


class Watchdog:
    """The harness's hand on its watchdog. Whoever started it says `goodbye`. Safe to use from any thread."""

    def __init__(self, pid: int, pipe: int) -> None:
        from threading import Lock

        self.pid = pid
        self._pipe = pipe
        self._lock = Lock()
        self._renewed = (0.0, 0.0)
        os.set_blocking(pipe, False)

    def renew(self, seconds: float) -> None:
        """The harness is well, and will say so again within that many real seconds; 0: it need not.

        Never blocks, and never fails: `alive` tells whether anybody listens.
        """
        now, seconds = time.monotonic(), max(0.0, seconds)
        lease, last = self._renewed
        if seconds == lease and now - last < RENEW_EVERY_S:
            return
        if self._say(f"L {seconds:.3f}\n".encode()):
            self._renewed = (seconds, now)

    def alive(self) -> bool:
        """Whether it watches: False when somebody killed or stopped it. Then nothing may be broken any more."""
        try:
            return self._pipe >= 0 and _stat(self.pid)[0] not in (b"Z", b"X", b"T", b"t")
        except OSError:
            return False

    def goodbye(self) -> None:
        """The drill is over and its servers are down: the watchdog ends, and is gone when this returns. Idempotent."""
        self._say(b"x\n")
        with self._lock:
            if self._pipe < 0:
                return
            os.close(self._pipe)
            self._pipe = -1
        self._reap()

    def _say(self, line: bytes) -> bool:
        """Write one line; False when nobody reads: it was ended, or stopped and the pipe is full."""
        with self._lock:
            try:
                return self._pipe >= 0 and os.write(self._pipe, line) == len(line)
            except (BrokenPipeError, BlockingIOError):
                return False

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
    harness = [str(os.getpid()), _stat(os.getpid())[19].decode()]
    read_end, write_end = os.pipe()
    try:
        child = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                "-E",
                os.path.abspath(__file__),
                label,
                os.path.abspath(folder),
                *harness,
            ],
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


def finished(folder: str | os.PathLike[str], limit_s: float = LIMIT_S) -> bool:
    """Wait until no watchdog clears up after a dead harness in that folder; False when one still does at the limit.

    For whoever goes on with a drill: its watchdog would end the servers that were just started again.
    """
    ends = time.monotonic() + limit_s
    while _kept(os.path.join(folder, _LOCK)):
        if time.monotonic() >= ends:
            return False
        time.sleep(SCAN_GAP_S)
    return True


def end_stopped(label: str) -> list[int]:
    """Kill the watchdog or healer with that label that somebody has stopped; which ones. Its harness must be dead.

    They would lie there for ever, or keep the drill's folder. What runs ends by itself.
    """
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if _lies(pid, label) and _kill_if(pid, partial(_lies, pid, label))]


def _lies(pid: int, label: str) -> bool:
    """Whether it is a stopped watchdog or healer of the drill with that label, by its command line."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        ours = os.fsencode(os.path.basename(__file__)), HEALER.encode()
        named = any(os.path.basename(word) in ours for word in words)
        return bool(label) and label.encode() in words and named and _stat(pid)[0] in (b"T", b"t")
    except OSError:  # it has ended meanwhile
        return False


def _kept(lock: str) -> bool:
    """Whether a watchdog holds that lock."""
    try:
        with open(lock, encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().split()[1:] == [_KEEPER]
    except FileNotFoundError:
        pass
    return False


# --- the watchdog's own process -------------------------------------------------------------------


def main(label: str, folder: str, harness: int, began: bytes) -> None:
    """Wait for the goodbye, or for the harness's end; then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    handle = _handle(harness, began)
    end = _await_end(handle)
    if end == "goodbye":
        return
    if end == "hung":
        _end_harness(handle)
    noticed = time.monotonic()
    lock = _take_over(folder, harness)
    if lock is None:
        _log(folder, f"the harness of {label} {end}; somebody else has its folder, and cleans up")
        return
    _log(folder, f"the harness of {label} {end}")
    contained = os.path.exists(os.path.join(folder, _REPLICA, CONTAINERS))
    sweep = _begin_sweep(label, folder) if contained else None
    _heal(label, folder, lock, noticed + (HEALING_CONTAINERS_S if contained else HEALING_S))
    _end_all(label, folder)
    if sweep is not None:
        _end_sweep(sweep, folder)


def _handle(harness: int, began: bytes) -> int:
    """A handle on the harness; -1 when it is dead already. The start time tells it from one with the same number."""
    try:
        handle = os.pidfd_open(harness)
    except OSError:
        return -1
    try:
        if _stat(harness)[19] == began:
            return handle
    except OSError:
        pass
    os.close(handle)
    return -1


def _await_end(handle: int) -> str:
    """How the harness ended: "goodbye", "died", or "hung" when its lease ran out.

    It also died when it is gone and a child that it had just forked keeps the pipe open.
    """
    poll = select.poll()
    for fd in (0, handle):
        if fd >= 0:
            poll.register(fd, select.POLLIN)
    lease_s, ends, said = 0.0, 0.0, b""
    while True:
        left_s = min(max(0.0, ends - time.monotonic()), LONGEST_POLL_S)
        ready = [fd for fd, _ in poll.poll(left_s * 1000 if lease_s else None)]
        if 0 in ready:
            data = os.read(0, 65536)
            *lines, said = (said + data).split(b"\n")
            if b"x" in lines:
                return "goodbye"
            if not data:
                return "died"
            lease_s = float(lines[-1][2:]) if lines else lease_s
            ends = time.monotonic() + lease_s
        elif handle in ready:
            return "died"
        elif time.monotonic() - ends > OVERSLEPT_S:
            ends = time.monotonic() + lease_s
        elif time.monotonic() >= ends:
            return "hung"


def _end_harness(handle: int) -> None:
    """Kill a harness that hangs, and wait until it is gone: two must never heal at once."""
    if handle < 0:
        return
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        select.select([handle], [], [], LOCK_S)
    except OSError:
        pass  # it has ended meanwhile


def _take_over(folder: str, harness: int) -> int | None:
    """The lock of the drill's folder, so that nobody goes on with the drill meanwhile; None when somebody has it.

    -1 when there is none to be had: the folder is gone, or the dead harness still holds it. All must end then too.
    """
    try:
        lock = os.open(
            os.path.join(folder, _LOCK), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644
        )
    except OSError:
        return -1
    ends = time.monotonic() + LOCK_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(lock, 0)
            os.write(lock, f"{os.getpid()} {_KEEPER}\n".encode())
            return lock
        except BlockingIOError:
            if time.monotonic() >= ends:
                return -1 if os.pread(lock, 32, 0).split()[:1] == [str(harness).encode()] else None
            time.sleep(0.01)
        except OSError:  # the disk is full: the lock is ours all the same
            return lock


def _heal(label: str, folder: str, lock: int, ends: float) -> None:
    """One healer, until it is done or its time is over. It keeps the lock should this process be killed meanwhile."""
    if not _broken(folder):
        return
    import subprocess

    try:
        with open(os.path.join(folder, "watchdog.log"), "ab") as log:
            healer = subprocess.Popen(
                [sys.executable, "-P", "-m", HEALER, folder, label],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[fd for fd in (lock,) if fd >= 0],
                cwd="/",
            )
    except OSError as error:
        _log(folder, f"no healer could be started: {error}")
        return
    try:
        healer.wait(ends - time.monotonic())
    except subprocess.TimeoutExpired:
        os.killpg(healer.pid, signal.SIGKILL)  # not reaped yet, so the number is its own
        healer.wait()
        _log(folder, "the healer was not done in time; blackstart recover does the rest")


def _broken(folder: str) -> bool:
    """Whether anything was ever broken in this drill: then it has a ledger."""
    try:
        return os.path.getsize(os.path.join(folder, "ledger.jsonl")) > 0
    except OSError:
        return False


def _end_all(label: str, folder: str) -> None:
    names = {pid: _name(pid) for pid in processes(label)}
    met = kill(label)
    left = processes(label)
    ended = (
        ", ".join(f"{names.get(pid, '?')} ({pid})" for pid in met if pid not in left)
        or "nothing was left to end"
    )
    _log(folder, f"ended: {ended}")
    for pid in left:
        _log(folder, f"process {pid} ({_name(pid)}) does not end; end it by hand: kill -9 {pid}")


def _begin_sweep(label: str, folder: str) -> subprocess.Popen[bytes] | None:
    """A process that mends the drill's containers at once, and ends them when its input ends: this one stays small."""
    import subprocess

    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), *_SWEEP)
    words = [sys.executable, "-I", "-S", program, label, os.path.join(folder, _REPLICA)]
    pipe, log = subprocess.PIPE, subprocess.STDOUT
    try:
        return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=log, start_new_session=True, cwd="/")
    except OSError as error:
        _log(folder, f"its containers may still run: {error}; blackstart recover removes them")
        return None


def _end_sweep(sweep: subprocess.Popen[bytes], folder: str) -> None:
    import subprocess

    try:
        said = sweep.communicate(timeout=_SWEEP_S)[0]
    except subprocess.TimeoutExpired:
        sweep.kill()
        said = sweep.communicate()[0] + b"its containers may still run; blackstart recover removes them"
    _log(folder, said.decode("utf-8", "replace").strip())


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
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].encode())
