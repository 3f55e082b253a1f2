from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blackstart.faults.contract import LIMIT_S
from blackstart.faults.process.under import PROGRAMS
from blackstart.replica.waiting import wait_until

Sleeper = subprocess.Popen[bytes]
Hogs = Callable[..., int]


@pytest.fixture
def sleeper() -> Iterator[Sleeper]:
    """A group of two processes that do nothing."""
    forks = "import os, time; os.fork(); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", forks], start_new_session=True) as process:
        assert wait_until(lambda: len(group(process.pid)) == 2, LIMIT_S)
        yield process
        os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def hog(sleeper: Sleeper) -> Iterator[Hogs]:
    """Starts a hog of that group; returns its number."""

    def start(share: float = 0.5, period: float = 0.1) -> int:
        numbers = ["--group", str(sleeper.pid), "--share", str(share), "--period", str(period)]
        subprocess.run([sys.executable, "-I", str(PROGRAMS / "hog.py"), *numbers], check=True)
        assert wait_until(lambda: len(hogs(sleeper.pid)) == 1, LIMIT_S)
        return hogs(sleeper.pid)[0]

    yield start
    for pid in hogs(sleeper.pid):
        os.kill(pid, signal.SIGKILL)


def group(leader: int) -> dict[int, str]:
    """The living processes of a group with their states, as proc(5) has them."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, of, *_ = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(of) == leader and state != "Z":
            found[int(folder.name)] = state
    return found


def hogs(leader: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(PROGRAMS / "hog.py").encode() in words and str(leader).encode() in words:
            found.append(int(folder.name))
    return found


def all_in(leader: int, states: str) -> bool:
    found = group(leader)
    return bool(found) and all(state in states for state in found.values())


def test_every_process_stops_and_goes_on_again_and_again(sleeper: Sleeper, hog: Hogs) -> None:
    hog()
    for states in ("T", "SR", "T", "SR"):
        assert wait_until(lambda states=states: all_in(sleeper.pid, states), LIMIT_S, every_s=0.001)  # type: ignore[misc]


def test_it_runs_on_its_own(sleeper: Sleeper, hog: Hogs) -> None:
    pid = hog()
    assert os.getpgid(pid) not in (os.getpgrp(), sleeper.pid)
    assert {os.readlink(f"/proc/{pid}/fd/{stream}") for stream in (0, 1, 2)} == {os.devnull}


def test_asked_to_end_it_lets_them_go_on(sleeper: Sleeper, hog: Hogs) -> None:
    pid = hog(share=0.01, period=600.0)
    assert wait_until(lambda: all_in(sleeper.pid, "T"), LIMIT_S)
    os.kill(pid, signal.SIGTERM)
    assert wait_until(lambda: all_in(sleeper.pid, "SR") and not hogs(sleeper.pid), LIMIT_S)


def test_it_ends_when_the_leader_has_ended_and_lets_the_others_go_on(sleeper: Sleeper, hog: Hogs) -> None:
    hog(share=0.01, period=600.0)
    assert wait_until(lambda: all_in(sleeper.pid, "T"), LIMIT_S)
    os.kill(sleeper.pid, signal.SIGKILL)
    assert wait_until(lambda: not hogs(sleeper.pid), LIMIT_S)
    assert wait_until(lambda: list(group(sleeper.pid).values()) == ["S"], LIMIT_S)


def test_a_group_that_there_is_not(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    numbers = ["--group", str(ended.pid), "--share", "0.5", "--period", "1"]
    argv = [sys.executable, "-I", str(PROGRAMS / "hog.py"), *numbers]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ProcessLookupError" in done.stderr
