"""A server that takes its time: this stands in its place and starts nothing; whoever waits for it waits on.

    starting.py COMMAND...

The drill, which keeps its own time, or people put the real server in its place. Standard library alone.
"""

from __future__ import annotations

import signal


def main() -> None:
    print("starting", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
