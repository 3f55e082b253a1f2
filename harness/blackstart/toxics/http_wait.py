"""One thing that is to be done later, at a time that may still change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.toxics.loop import Loop, Timer

__all__ = ["Wait"]


class Wait:
    """At most one work is waited for. `delay_ns` is asked for anew by `retime`."""

    def __init__(self, loop: Loop, then: Callable[[], object]) -> None:
        """`then` is called after each work that a timer did, not after one that was done at once."""
        self._loop = loop
        self._then = then
        self._work: Callable[[], object] | None = None
        self._delay_ns: Callable[[], int] = lambda: 0
        self._since = 0
        self._timer: Timer | None = None

    @property
    def on(self) -> bool:
        return self._work is not None

    def begin(self, delay_ns: Callable[[], int], work: Callable[[], object]) -> None:
        """Do the work after the delay; at once, within this call, when there is none."""
        self._since, self._delay_ns, self._work = self._loop.now(), delay_ns, work
        self.retime()

    def retime(self) -> None:
        """Look at the delay again, counted from the beginning."""
        if self._work is None:
            return
        self._forget_timer()
        due = self._since + self._delay_ns()
        if due <= self._loop.now():
            self.hurry()
        else:
            self._timer = self._loop.call_at(due, self._over)

    def hurry(self) -> None:
        """Do now what is waited for, if anything is."""
        work = self._work
        self.stop()
        if work is not None:
            work()

    def stop(self) -> None:
        """Never do it."""
        self._work = None
        self._forget_timer()

    def _over(self) -> None:
        self.hurry()
        self._then()

    def _forget_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
