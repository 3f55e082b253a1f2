"""Single keys from the terminal while a drill runs. Ctrl-C and the other keys of signals work as ever."""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["pressed"]


@contextmanager
def pressed(on_key: Callable[[str], None]) -> Iterator[None]:
    """Call `on_key`, on a thread of its own, with each key that is pressed while the block runs.

    Nothing happens where the input is no terminal, or where this process does not stand in its foreground.
    """
    try:
        keyboard = sys.stdin.fileno()
        before = termios.tcgetattr(keyboard)
        in_front = os.tcgetpgrp(keyboard) == os.getpgrp()
    except (OSError, ValueError, AttributeError, termios.error):
        yield
        return
    if not in_front:
        yield
        return
    stop, waker = os.pipe()
    thread = threading.Thread(target=_listen, args=(keyboard, stop, on_key), name="keys", daemon=True)
    tty.setcbreak(keyboard, termios.TCSANOW)
    thread.start()
    try:
        yield
    finally:
        os.close(waker)
        thread.join()
        os.close(stop)
        with suppress(termios.error):  # the terminal may be gone
            termios.tcsetattr(keyboard, termios.TCSANOW, before)


def _listen(keyboard: int, stop: int, on_key: Callable[[str], None]) -> None:
    while True:
        try:
            readable, _, _ = select.select([keyboard, stop], [], [])
            if stop in readable:
                return
            keys = os.read(keyboard, 64)
        except OSError:
            return
        if not keys:  # the terminal is gone
            return
        for key in keys.decode("utf-8", "replace"):
            on_key(key)
