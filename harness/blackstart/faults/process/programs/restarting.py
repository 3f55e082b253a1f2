"""Starts a server again and again, because it does not live long: a crash loop, under a label of the replica.

    restarting.py [--alive S] [--memory BYTES] --pause S -- COMMAND...

--alive   the server is killed (SIGKILL) when it has run for so many seconds, with all that it started
--memory  its address space is limited (RLIMIT_AS), so that it dies by itself of its own memory error
--pause   seconds between its end and its next start

Standard library alone. Ends on SIGTERM, and takes the server with it.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress


def others_of_my_group() -> list[int]:
    """Every process of this process group but this one: the server, and what it forked."""
    mine, me = os.getpgrp(), os.getpid()
    found = []
    for name in os.listdir("/proc"):
        with suppress(OSError, ValueError):
            pid = int(name)
            if pid != me and os.getpgid(pid) == mine:
                found.append(pid)
    return found


def kill_others() -> None:
    """Until none is left that lives: one may have forked another meanwhile."""
    while living := [pid for pid in others_of_my_group() if _lives(pid)]:
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    """Whether it is no zombie: our own child is one until it is waited for."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def limited(memory: int | None) -> Callable[[], None] | None:
    """What the server does to itself between fork and exec."""
    if memory is None:
        return None
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def live_and_die(command: list[str], alive_s: float | None, memory: int | None) -> None:
    """One life of the server; how it ended goes to its log, as every supervisor says it."""
    with subprocess.Popen(command, preexec_fn=limited(memory)) as server:
        with suppress(subprocess.TimeoutExpired):
            server.wait(alive_s)
        kill_others()
    print(f"{os.path.basename(command[0])} ended with code {server.returncode}", flush=True)


def end(*_: object) -> None:
    kill_others()
    os._exit(0)


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="restarting.py")
    parser.add_argument("--alive", type=float)
    parser.add_argument("--memory", type=int)
    parser.add_argument("--pause", type=float, required=True)
    parser.add_argument("command", nargs="+")
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    asked = arguments(argv)
    signal.signal(signal.SIGTERM, end)
    while True:
        live_and_die(asked.command, asked.alive, asked.memory)
        time.sleep(asked.pause)


if __name__ == "__main__":
    main(sys.argv[1:])
