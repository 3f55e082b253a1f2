from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blackstart.faults.contract import LIMIT_S
from blackstart.faults.process.under import PROGRAMS
from blackstart.replica.waiting import wait_until

Starts = Callable[..., "subprocess.Popen[str]"]

TELLS = "import os, sys, time; print('life', os.getpid(), flush=True); time.sleep({0})"
FORKS = """
import os, time
if child := os.fork():
    print(f'life {os.getpid()}\\nlife {child}', flush=True)
time.sleep(600)
"""


@pytest.fixture
def restarting(tmp_path: Path) -> Iterator[Starts]:
    """Starts the program with a Python server, in a group of its own; what it says goes to `said`."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str, server: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-I", "-S", str(PROGRAMS / "restarting.py"), *options]
        with (tmp_path / "said").open("w") as said:
            process = subprocess.Popen(
                [*argv, "--", sys.executable, "-I", "-S", "-c", server],
                stdout=said,
                stderr=said,
                text=True,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait()


@pytest.fixture
def said(tmp_path: Path) -> Callable[[], str]:
    return lambda: (tmp_path / "said").read_text("utf-8")


def lives(text: str) -> list[int]:
    """The process numbers that the server's lives printed, each once."""
    return list(dict.fromkeys(int(line.split()[1]) for line in text.splitlines() if line.startswith("life")))


def ended(text: str) -> list[int]:
    """Those of them that were there when a life of the server ended."""
    return lives(text.rpartition("ended with")[0])


def alive(pid: int) -> bool:
    """Whether it runs; a zombie, whose parent has not looked yet, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_one_that_dies_by_itself_is_started_again(restarting: Starts, said: Callable[[], str]) -> None:
    restarting("--pause", "0.01", server=TELLS.format(0))
    assert wait_until(lambda: len(lives(said())) >= 3, LIMIT_S)
    assert "ended with code 0\n" in said()


def test_one_that_would_live_on_is_killed(restarting: Starts, said: Callable[[], str]) -> None:
    restarting("--alive", "0.2", "--pause", "0.01", server=TELLS.format(600))
    assert wait_until(lambda: len(lives(said())) >= 2, LIMIT_S)
    assert f"ended with code {-signal.SIGKILL}\n" in said()
    assert wait_until(lambda: not alive(lives(said())[0]), LIMIT_S)


def test_it_dies_with_what_it_forked(restarting: Starts, said: Callable[[], str]) -> None:
    restarting("--alive", "0.2", "--pause", "0.01", server=FORKS)
    assert wait_until(lambda: len(ended(said())) >= 2, LIMIT_S), (
        "on a busy machine one may die before it forks"
    )
    assert wait_until(lambda: not any(map(alive, ended(said())[:2])), LIMIT_S)


def test_it_has_so_much_memory_and_no_more(restarting: Starts, said: Callable[[], str]) -> None:
    restarting("--memory", str(48 << 20), "--pause", "600", server="print('up'); bytearray(64 << 20)")
    assert wait_until(lambda: "ended with code 1\n" in said(), LIMIT_S)
    assert "MemoryError" in said()


@pytest.mark.parametrize("server", [TELLS.format(600), FORKS])
def test_who_ends_it_ends_the_server(restarting: Starts, said: Callable[[], str], server: str) -> None:
    process = restarting("--pause", "600", server=server)
    assert wait_until(lambda: bool(lives(said())), LIMIT_S)
    process.terminate()
    assert process.wait(LIMIT_S) == 0
    assert wait_until(lambda: not any(map(alive, lives(said()))), LIMIT_S)
