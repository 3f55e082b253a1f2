"""Kills a drill's container soon after each start, and starts it again: a restart loop.

    python -m blackstart.faults.container.programs.restarting
        --docker unix:///var/run/docker.sock --drill LABEL --component NAME --alive S --pause S

Comes back once it has killed it for the first time; the rest goes on in the background, deaf to the terminal, until
somebody ends it (SIGTERM), or there is no such container any more. The container is found by its labels each time, and nothing without them is touched.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from blackstart.replica.programs.background import go_on_in_background
from blackstart.replica.programs.container import Container


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="restarting")
    for text in ("--docker", "--drill", "--component"):
        parser.add_argument(text, required=True)
    for number in ("--alive", "--pause"):
        parser.add_argument(number, type=float, required=True)
    return parser.parse_args(argv)


def once(container: Container, alive_s: float, pause_s: float) -> bool:
    """Down, up for a while, and killed. False when there was none to start and none to kill: the drill is gone.

    What docker refuses now, it may do the next time.
    """
    time.sleep(pause_s)
    started = asked(container.start)
    time.sleep(alive_s)
    return asked(lambda: container.tell("KILL")) or started


def asked(what: Callable[[], int]) -> bool:
    """Whether it met a container; yes, too, when docker did not say."""
    try:
        return what() > 0
    except OSError:
        return True


def main(argv: list[str]) -> None:
    wanted = arguments(argv)
    container = Container(wanted.docker, wanted.drill, wanted.component)
    container.tell("KILL")
    go_on_in_background()
    while once(container, wanted.alive, wanted.pause):
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
