"""Ctrl-C and SIGTERM: the first ends the drill in order, a further one never skips the healing.

A signal raises `Interrupted` once, and only inside `abortable()`. One that comes before (when the drill owns nothing yet)
is noted and raised there; of one that comes after (while healing, closing) it is said that it came too late.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

__all__ = ["How", "Interrupted", "Signals"]

CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

How = Literal["signal", "guard", "key", "command"]
"""Who asked for the end: a signal of the system or terminal, a guard condition, a key on the board, `blackstart abort`."""


class Interrupted(BaseException):
    """A signal asked the drill to end. Not an Exception, so that no handler on the way swallows it."""

    def __init__(self, name: str, how: How = "signal") -> None:
        super().__init__(name)
        self.name = name
        self.how: How = how


class Signals:
    """Turns signals into one `Interrupted`. `say` is told, in words, what a further signal will not do."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._name = ""
        self._asked_name = ""
        self._how: How = "signal"
        self._raised = False
        self._abortable = False
        self._over = False

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Own the signals for the length of the block; the former handlers come back after it."""
        before = {number: signal.getsignal(number) for number in CAUGHT}
        for number in CAUGHT:
            signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def abortable(self) -> Iterator[None]:
        """Inside, a signal raises `Interrupted`; one that came before raises at the entry."""
        self._abortable = True
        try:
            self._raise_once()
            yield
        finally:
            self._abortable = False
            self._over = True

    def ask(self, name: str, how: How) -> None:
        """End the drill, as a signal would; from any thread."""
        if not self._name:
            self._how = how
            self._asked_name = name
        os.kill(os.getpid(), signal.SIGTERM)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        name = self._asked_name or signal.Signals(number).name
        if self._name:
            self._say("already ending: healing goes on, it is not skipped")
        elif self._over:
            self._say(
                f"{name} came when the drill was over already: its outcome stands; everything is being healed"
            )
        self._name = self._name or name
        if self._abortable:
            self._raise_once()

    def _raise_once(self) -> None:
        if self._name and not self._raised:
            self._raised = True
            raise Interrupted(self._name, self._how)

    @property
    def asked(self) -> str:
        """The signal that asked for the end, or an empty text."""
        return self._name
