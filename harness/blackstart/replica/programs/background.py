"""How a program of ours goes on in the background, for those that come back to whoever started them. Standard library alone."""

from __future__ import annotations

import os

__all__ = ["go_on_in_background"]


def go_on_in_background() -> None:
    """Whoever started it need not wait for its end, nor for what it might say, and has no zombie of it."""
    if os.fork():
        os._exit(0)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
