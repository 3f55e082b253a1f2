"""Takes the CPU from a group of processes: it lets them run for a share of each period and stops them for the rest.

    hog.py --group PGID --share 0.05 --period S

Comes back at once; what does the work goes on in the background, deaf to the terminal. It ends when the group's
leader has ended, or on SIGTERM, and lets the group go on whatever happens, save when it is killed with SIGKILL.
Standard library alone, and `replica/programs/background.py`, for which it needs site-packages on its path.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from contextlib import suppress

from blackstart.replica.programs.background import go_on_in_background


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hog.py")
    parser.add_argument("--group", type=int, required=True)
    parser.add_argument("--share", type=float, required=True)
    parser.add_argument("--period", type=float, required=True)
    return parser.parse_args(argv)


def hog(leader: int, group: int, runs_s: float, stops_s: float) -> None:
    """Stop and go until the leader, whose handle this is, has ended."""
    while True:
        os.killpg(group, signal.SIGSTOP)
        if select.select([leader], [], [], stops_s)[0]:
            return
        os.killpg(group, signal.SIGCONT)
        if select.select([leader], [], [], runs_s)[0]:
            return


def let_go(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGCONT)


def main(argv: list[str]) -> None:
    asked = arguments(argv)
    leader = os.pidfd_open(asked.group)
    go_on_in_background()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        hog(leader, asked.group, asked.share * asked.period, (1 - asked.share) * asked.period)
    except ProcessLookupError:
        pass  # the whole group has ended
    finally:
        let_go(asked.group)


if __name__ == "__main__":
    main(sys.argv[1:])
