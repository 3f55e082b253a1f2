"""However the harness dies, no process of its drill outlives it, and nobody else's is touched."""

from __future__ import annotations

import fcntl
import json
import math
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from blackstart import watchdog
from blackstart.clock import SystemTime
from blackstart.watchdog import VARIABLE, Watchdog

MACHINE = SystemTime()

SLEEP = "import time; time.sleep(600)"
DEAF = f"import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; {SLEEP}"
PARENT = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); {SLEEP}"
STOPPED = f"import os, signal; os.kill(os.getpid(), signal.SIGSTOP); {SLEEP}"
SERVERS = {"plain": SLEEP, "deaf": DEAF, "parent": PARENT, "stopped": STOPPED}

HARNESS = """
import json, os, subprocess, sys, time
from blackstart import watchdog
label, folder, servers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
guard = watchdog.start(label, folder)
environment = {"PATH": os.environ["PATH"]}
for code in servers:
    subprocess.Popen([sys.executable, "-c", code], env=environment | {"BLACKSTART_LABEL": label}, close_fds=False)
stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env=environment, close_fds=False)
print(json.dumps([guard.pid, stranger.pid]), flush=True)
if len(sys.argv) > 4:
    exec(sys.argv[4])
time.sleep(600)
"""


@pytest.fixture
def label() -> Iterator[str]:
    name = f"test-{secrets.token_hex(6)}"
    yield name
    watchdog.kill(name)


def until(what: Callable[[], bool], why: str) -> None:
    """Wait for a real thing to happen; the limit is generous, and passing it is the failure."""
    began = MACHINE.now()
    while not what():
        assert MACHINE.now().seconds_since(began) < 60, f"waited in vain: {why}"
        MACHINE.sleep(0.02)


def status(pid: int) -> dict[str, str]:
    """/proc's page on a process; empty when there is none, or only what is left of one (a zombie)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    page = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return {} if page["State"].startswith("Z") else page


def deaf_to(pid: int, number: int) -> bool:
    return bool(int(status(pid)["SigIgn"], 16) >> (number - 1) & 1)


def server(label: str, code: str = SLEEP) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], env=os.environ | {VARIABLE: label})


@dataclass(frozen=True)
class Harness:
    process: subprocess.Popen[str]
    guard: int
    stranger: int


@contextmanager
def harness(label: str, folder: Path, servers: list[str], then: str = "") -> Iterator[Harness]:
    """A harness that has started a watchdog, servers with its label, and a stranger without."""
    words = [sys.executable, "-c", HARNESS, label, str(folder), json.dumps(servers)]
    process = subprocess.Popen([*words, *([then] if then else [])], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    guard, stranger = json.loads(process.stdout.readline())
    try:
        yield Harness(process, guard, stranger)
    finally:
        process.kill()
        if status(stranger):
            os.kill(stranger, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def guard(label: str, tmp_path: Path) -> Iterator[Watchdog]:
    started = watchdog.start(label, tmp_path)
    yield started
    started.goodbye()


def test_processes_are_found_by_their_label_alone(label: str) -> None:
    with server(label) as ours, server(label + "x") as others:
        until(lambda: watchdog.processes(label) == [ours.pid], "the server")
        until(lambda: watchdog.processes(label + "x") == [others.pid], "the other server")
        assert watchdog.kill(label) == [ours.pid]
        assert watchdog.processes(label) == []
        assert watchdog.processes(label + "x") == [others.pid]
        others.kill()
    assert ours.returncode == -signal.SIGKILL


def test_without_a_label_nothing_is_found_and_nothing_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEP], env=os.environ | {VARIABLE: ""}) as process:
        assert watchdog.processes("") == watchdog.kill("") == []
        assert process.poll() is None
        process.kill()
    with pytest.raises(ValueError, match="needs the label"):
        watchdog.start("", "/")


def test_the_caller_never_kills_itself(label: str) -> None:
    code = f"import os; from blackstart import watchdog; print(watchdog.kill({label!r}), os.environ['{VARIABLE}'])"
    out = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {VARIABLE: label},
        capture_output=True,
        check=True,
        text=True,
    )
    assert out.stdout == f"[] {label}\n"


def test_what_does_not_end_is_reported_not_waited_for(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with server(label) as stubborn:
        until(lambda: watchdog.processes(label) == [stubborn.pid], "the server")
        with monkeypatch.context() as patch:
            patch.setattr(watchdog, "_kill_if_ours", lambda pid, label: None)
            assert watchdog.kill(label, 0.2) == [stubborn.pid]
        assert watchdog.processes(label) == [stubborn.pid]
        stubborn.kill()


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT", "SIGSEGV", "exit", "exception"])
def test_however_the_harness_dies_its_servers_end(label: str, tmp_path: Path, how: str) -> None:
    then = {"exit": "import os; os._exit(0)", "exception": "raise SystemExit(1)"}.get(how, "")
    with harness(label, tmp_path, [SLEEP, SLEEP], then) as drill:
        if not then:
            until(lambda: len(watchdog.processes(label)) == 2, "two servers")
            drill.process.send_signal(signal.Signals[how])
        drill.process.wait()
        until(lambda: not status(drill.guard), "the end of the watchdog")
        assert watchdog.processes(label) == []
        assert status(drill.stranger)


@pytest.mark.parametrize("name", SERVERS)
def test_every_sort_of_server_ends(label: str, tmp_path: Path, name: str) -> None:
    count = 2 if name == "parent" else 1
    with harness(label, tmp_path, [SERVERS[name]]) as drill:
        until(lambda: len(watchdog.processes(label)) == count, "the servers")
        ours = watchdog.processes(label)
        if name == "stopped":
            until(lambda: status(ours[0])["State"].startswith("T"), "the server to stop")
        if name == "deaf":
            until(lambda: deaf_to(ours[0], signal.SIGTERM), "the server to be deaf")
        drill.process.kill()
        until(lambda: not any(status(pid) for pid in ours), "the end of the servers")
        until(lambda: not status(drill.guard), "the end of the watchdog")
    log = (tmp_path / "watchdog.log").read_text()
    assert f"the harness of {label} died\n" in log
    assert "ended: " in log
    assert all(f"({pid})" in log for pid in ours)


def test_a_harness_whose_lease_runs_out_is_killed_and_its_servers_end(label: str, tmp_path: Path) -> None:
    with harness(label, tmp_path, [SLEEP], "guard.renew(600); guard.renew(0.2)") as drill:
        assert drill.process.wait() == -signal.SIGKILL
        until(lambda: not status(drill.guard), "the end of the watchdog")
        assert watchdog.processes(label) == []
        assert status(drill.stranger)
    assert f"the harness of {label} hung\n" in (tmp_path / "watchdog.log").read_text()


def test_a_harness_that_somebody_stopped_hangs_too(label: str, tmp_path: Path) -> None:
    stopped = "guard.renew(0.2); os.kill(os.getpid(), 19)"
    with harness(label, tmp_path, [SLEEP], stopped) as drill:
        assert drill.process.wait() == -signal.SIGKILL
        until(lambda: not status(drill.guard), "the end of the watchdog")
        assert watchdog.processes(label) == []


class Heard:
    """A harness as its watchdog hears it: what it says at which second, and then nothing more.

    Stands for the poll, the pipe and the clock in the watchdog's own module. `late`: so many seconds after the first
    wait was over the watchdog gets to run.
    """

    def __init__(self, *said: tuple[float, bytes], late: float = 0.0) -> None:
        self._said = deque(said)
        self._late = late
        self._now = 0.0

    def register(self, fd: int, events: int) -> None:
        assert fd == 0, "there is nothing else to be heard"

    def poll(self, limit_ms: float | None) -> list[tuple[int, int]]:
        comes = self._said[0][0] if self._said else math.inf
        ends = math.inf if limit_ms is None else self._now + limit_ms / 1000
        self._now = min(comes, ends)
        assert self._now < math.inf, "it would wait for ever"
        if comes <= ends:
            return [(0, select.POLLIN)]
        self._now, self._late = self._now + self._late, 0.0
        return []

    def read(self, fd: int, size: int) -> bytes:
        return self._said.popleft()[1]

    def end(self, monkeypatch: pytest.MonkeyPatch) -> tuple[str, float]:
        """How the harness ended for its watchdog, and at which second."""
        with monkeypatch.context() as patch:
            patch.setattr(watchdog, "select", SimpleNamespace(poll=lambda: self, POLLIN=select.POLLIN))
            patch.setattr(watchdog, "os", SimpleNamespace(read=self.read))
            patch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: self._now))
            return watchdog._await_end(-1), self._now


def test_a_lease_that_is_given_back_never_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard((1.0, b"L 2.000\n"), (2.0, b"L 0.000\n"), (1000.0, b"x\n"))
    assert heard.end(monkeypatch) == ("goodbye", 1000.0)


def test_a_lease_that_is_renewed_runs_from_then(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard(*((1.5 * n, b"L %d.000\n" % (2 + n % 2)) for n in range(41)))
    assert heard.end(monkeypatch) == ("hung", 1.5 * 40 + 2)


def test_a_lease_that_ran_out_while_the_machine_stood_still_runs_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Heard((0.0, b"L 2.000\n"), late=600.0).end(monkeypatch) == ("hung", 2 + 600 + 2)


def test_a_line_may_come_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard((0.0, b"L 600.000\nL 2"), (1.0, b".000\n"))
    assert heard.end(monkeypatch) == ("hung", 3.0)


def test_what_the_harness_says_of_its_lease() -> None:
    read_end, write_end = os.pipe()
    guard = Watchdog(os.getpid(), write_end)
    guard.renew(60.0)
    guard.renew(0.0)
    assert os.read(read_end, 100) == b"L 60.000\nL 0.000\n"
    os.close(read_end)
    os.close(write_end)


@pytest.mark.parametrize("seconds", [0.0, 1e300, float("inf"), float("nan"), -1.0])
def test_no_lease_harms_the_watchdog(guard: Watchdog, seconds: float) -> None:
    guard.renew(seconds)
    guard.renew(60.0)
    guard.renew(seconds)
    guard.renew(0.0)
    guard.goodbye()
    assert not Path(f"/proc/{guard.pid}").exists()


def test_it_is_alive_until_somebody_kills_it(guard: Watchdog) -> None:
    assert guard.alive()
    os.kill(guard.pid, signal.SIGKILL)
    until(lambda: not guard.alive(), "its death to be seen")
    guard.renew(60)


def test_one_that_somebody_stopped_counts_for_nothing_and_never_blocks(guard: Watchdog) -> None:
    os.kill(guard.pid, signal.SIGSTOP)
    until(lambda: not guard.alive(), "the stop to be seen")
    for seconds in range(100_000):  # far more than a pipe holds
        guard.renew(seconds)
    os.kill(guard.pid, signal.SIGKILL)


def test_after_the_goodbye_it_is_not_alive_and_nothing_can_be_said(guard: Watchdog) -> None:
    guard.goodbye()
    assert not guard.alive()
    guard.renew(60)


def test_one_that_somebody_stopped_is_found_by_its_drill_and_ended(
    guard: Watchdog, label: str, tmp_path: Path
) -> None:
    with harness(label + "x", tmp_path, []) as other:
        assert watchdog.end_stopped(label) == []  # it runs
        stopped = (guard.pid, other.guard)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: all(status(pid)["State"].startswith("T") for pid in stopped), "the stop")
        assert watchdog.end_stopped("") == []
        assert watchdog.end_stopped(label) == [guard.pid]
        until(lambda: not status(guard.pid), "the end of the watchdog")
        os.kill(other.guard, signal.SIGCONT)


def test_nobody_goes_on_with_a_drill_while_it_clears_up(label: str, tmp_path: Path) -> None:
    assert watchdog.finished(tmp_path)
    (tmp_path / ".lock").write_text("1 watchdog\n")
    assert watchdog.finished(tmp_path)
    with (tmp_path / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not watchdog.finished(tmp_path, 0.1)
        (tmp_path / ".lock").write_text("1\n")
        assert watchdog.finished(tmp_path, 0.1)


def test_it_leaves_a_drill_alone_that_somebody_else_has_taken_over(label: str, tmp_path: Path) -> None:
    with harness(label, tmp_path, [SLEEP]) as drill, (tmp_path / ".lock").open("w") as lock:
        until(lambda: len(watchdog.processes(label)) == 1, "the server")
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        drill.process.kill()
        until(lambda: not status(drill.guard), "the end of the watchdog")
        assert len(watchdog.kill(label)) == 1
    assert "somebody else has its folder" in (tmp_path / "watchdog.log").read_text()


def test_it_clears_up_also_when_the_dead_harness_seems_to_hold_the_folder(label: str, tmp_path: Path) -> None:
    with harness(label, tmp_path, [SLEEP]) as drill, (tmp_path / ".lock").open("w") as lock:
        until(lambda: len(watchdog.processes(label)) == 1, "the server")
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a child of it would that was just being forked
        lock.write(f"{drill.process.pid}\n")
        lock.flush()
        drill.process.kill()
        until(lambda: not status(drill.guard), "the end of the watchdog")
        assert watchdog.processes(label) == []


def test_a_clean_environment_and_a_session_of_its_own_hide_nothing_that_is_marked(label: str) -> None:
    word = secrets.token_hex(8)
    line = f"read go; env -i setsid {sys.executable} -c '{SLEEP} # {word}' & wait"
    with subprocess.Popen(
        ["sh", "-c", line], stdin=subprocess.PIPE, env={"PATH": os.environ["PATH"]}
    ) as shell:
        watchdog.mark(shell.pid, label)
        assert shell.stdin is not None
        shell.stdin.write(b"go\n")
        shell.stdin.close()
        until(lambda: len(running(word)) == 1, "the program that hides")
        (hidden,) = running(word)
        assert os.getsid(hidden) != os.getsid(shell.pid)
        assert set(watchdog.kill(label)) == {shell.pid, hidden}
        assert not running(word)
    assert watchdog.processes(label) == []


def running(word: str) -> list[int]:
    """The Python programs that have the word on their command line."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"python" in line[0] and any(word.encode() in part for part in line):
            found.append(int(name))
    return found


def test_a_mark_is_one_labels_own(label: str) -> None:
    with subprocess.Popen(["sleep", "600"]) as ours, subprocess.Popen(["sleep", "600"]) as others:
        watchdog.mark(ours.pid, label)
        watchdog.mark(others.pid, label + "x")
        assert watchdog.processes(label) == [ours.pid]
        assert watchdog.kill(label + "x") == [others.pid]
        ours.kill()
        os.waitid(os.P_PID, ours.pid, os.WEXITED | os.WNOWAIT)
        assert watchdog.processes(label) == []  # a zombie lives no more


def test_to_mark_what_has_ended_is_no_error(label: str) -> None:
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
        watchdog.mark(ended.pid, label)


def fake_healer(folder: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """In place of Python, a program that does what the line says; and a drill that broke something."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{line}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    (folder / "ledger.jsonl").write_text("{}\n")


def test_one_healer_is_started_and_waited_for(
    label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_healer(tmp_path, monkeypatch, 'echo "$@" from $PWD')
    watchdog._heal(label, str(tmp_path), -1, MACHINE.now().mono_ns / 1e9 + 60)
    said = (tmp_path / "watchdog.log").read_text()
    assert said == f"-P -m blackstart.faults.healer {tmp_path} {label} from /\n"


def test_a_healer_that_is_not_done_in_time_is_ended_with_all_it_started(
    label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_healer(tmp_path, monkeypatch, "sleep 600 & echo $! $$; wait")
    log = tmp_path / "watchdog.log"

    def once_it_has_spoken() -> float:
        until(lambda: log.read_text().endswith("\n"), "the healer's word")
        return 60.0

    clock = SimpleNamespace(monotonic=once_it_has_spoken, strftime=time.strftime, gmtime=time.gmtime)
    monkeypatch.setattr(watchdog, "time", clock)
    watchdog._heal(label, str(tmp_path), -1, 60.0)
    pids, late, *_ = log.read_text().splitlines()
    assert late.endswith("the healer was not done in time; blackstart recover does the rest")
    until(lambda: not any(status(int(pid)) for pid in pids.split()), "the end of the healer")


def test_where_nothing_was_broken_no_healer_is_started(
    label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_healer(tmp_path, monkeypatch, "echo it ran")
    (tmp_path / "ledger.jsonl").unlink()
    watchdog._heal(label, str(tmp_path), -1, 0.0)
    assert not (tmp_path / "watchdog.log").exists()


def test_the_healer_keeps_the_folder_should_the_watchdog_be_killed(
    label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_healer(tmp_path, monkeypatch, "ls -l /proc/$$/fd")
    lock = watchdog._take_over(str(tmp_path), 0)
    assert lock is not None
    watchdog._heal(label, str(tmp_path), lock, MACHINE.now().mono_ns / 1e9 + 60)
    os.close(lock)
    assert str(tmp_path / ".lock") in (tmp_path / "watchdog.log").read_text()


def test_a_healer_that_cannot_be_started_keeps_nothing_from_ending(
    label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_healer(tmp_path, monkeypatch, "")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-such-python"))
    watchdog._heal(label, str(tmp_path), -1, 0.0)
    assert "no healer could be started" in (tmp_path / "watchdog.log").read_text()


def test_the_folder_may_be_gone(label: str, tmp_path: Path) -> None:
    folder = tmp_path / "drill"
    folder.mkdir()
    with harness(label, folder, [SLEEP]) as drill:
        until(lambda: len(watchdog.processes(label)) == 1, "the server")
        folder.rmdir()
        drill.process.kill()
        until(lambda: not status(drill.guard), "the end of the watchdog")
    assert watchdog.processes(label) == []


def test_a_goodbye_ends_it_and_touches_nothing(label: str, tmp_path: Path) -> None:
    guard = watchdog.start(label, tmp_path)
    with server(label) as ours:
        until(lambda: watchdog.processes(label) == [ours.pid], "the server")
        guard.goodbye()
        guard.goodbye()
        assert not Path(f"/proc/{guard.pid}").exists()
        assert watchdog.processes(label) == [ours.pid]
        ours.kill()
    assert list(tmp_path.iterdir()) == []


def test_a_goodbye_to_one_that_somebody_killed(guard: Watchdog) -> None:
    os.kill(guard.pid, signal.SIGKILL)
    guard.goodbye()
    assert not Path(f"/proc/{guard.pid}").exists()


def test_a_goodbye_to_one_that_somebody_stopped(guard: Watchdog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "GOODBYE_S", 0.05)
    os.kill(guard.pid, signal.SIGSTOP)
    guard.goodbye()
    assert not Path(f"/proc/{guard.pid}").exists()


def test_no_signal_of_a_terminal_ends_it(guard: Watchdog) -> None:
    until(
        lambda: "SigIgn" in status(guard.pid) and deaf_to(guard.pid, signal.SIGTSTP),
        "the watchdog to be deaf",
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
        assert deaf_to(guard.pid, number)
        os.kill(guard.pid, number)
    assert os.getsid(guard.pid) == guard.pid
    until(lambda: status(guard.pid)["State"].startswith("S"), "the watchdog to wait on")
    assert guard.alive()


def test_it_carries_no_label_and_little_else(
    label: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, label)
    guard = watchdog.start(label, tmp_path)
    until(
        lambda: "SigIgn" in status(guard.pid) and deaf_to(guard.pid, signal.SIGTSTP),
        "the watchdog to be ready",
    )
    assert VARIABLE.encode() not in Path(f"/proc/{guard.pid}/environ").read_bytes()
    assert int(status(guard.pid)["VmHWM"].split()[0]) <= 15 * 1024
    guard.goodbye()


def test_only_the_harness_has_the_pipes_other_end(guard: Watchdog) -> None:
    pipe = os.readlink(f"/proc/{guard.pid}/fd/0")
    until(
        lambda: "SigIgn" in status(guard.pid) and deaf_to(guard.pid, signal.SIGTSTP),
        "the watchdog to be ready",
    )
    listed = "import os; print([os.readlink('/proc/self/fd/' + n) for n in os.listdir('/proc/self/fd') if os.path.islink('/proc/self/fd/' + n)])"
    child = subprocess.run(
        [sys.executable, "-c", listed], close_fds=False, capture_output=True, check=True, text=True
    )
    assert pipe not in child.stdout
    assert open_in(guard.pid).count(pipe) == 1


def open_in(pid: int) -> list[str]:
    """What a process has open; what it closes while we look is left out."""
    found = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found
