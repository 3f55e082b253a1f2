"""One thread, one epoll: sockets, timers, and the clock that everything here reads.

Times are whole nanoseconds of a monotonic clock. The clock is a parameter, so that tests move it by hand.
"""

from __future__ import annotations

import heapq
import os
import select
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from typing import Any, Final

__all__ = ["ERROR", "IN", "MS", "OUT", "US", "Clock", "Loop", "Timer"]

US: Final = 1_000
MS: Final = 1_000_000
"""Nanoseconds of a microsecond, and of a millisecond."""

IN: Final = select.EPOLLIN
OUT: Final = select.EPOLLOUT
ERROR: Final = select.EPOLLERR | select.EPOLLHUP
"""What epoll tells unasked: the connection failed, or both its directions are over."""

Clock = Callable[[], int]
Ready = Callable[[int], object]
"""Called with the events (IN, OUT, ERROR) that a file descriptor is ready for."""

_FINE_NS = 20 * MS
"""Waits shorter than this are timed by select(), in microseconds: epoll from Python rounds up to milliseconds."""


class Timer:
    """A call that is due at `when`. `cancel` it as often as you like."""

    __slots__ = ("_work", "when")

    def __init__(self, when: int, work: Callable[[], object]) -> None:
        self.when = when
        self._work: Callable[[], object] | None = work

    def cancel(self) -> None:
        self._work = None

    @property
    def waiting(self) -> bool:
        """Whether it is neither done nor cancelled."""
        return self._work is not None

    def fire(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work()


class Loop:
    """Register sockets, ask for calls at a time, run. Only `call_from_thread` may be used from another thread.

    An exception that nobody caught is a bug; its traceback goes to stderr, and everybody else is still served.
    """

    def __init__(self, clock: Clock = time.monotonic_ns) -> None:
        self.now = clock
        self._epoll = select.epoll()
        self._ready: dict[int, Ready] = {}
        self._timers: list[tuple[int, int, Timer]] = []
        self._count = 0
        self._running = False
        self._closed = False
        self._lock = threading.Lock()
        self._calls: deque[Callable[[], object]] = deque()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.register(self._wake, IN, self._called)

    def register(self, fd: int, events: int, ready: Ready) -> None:
        """Call `ready(events)` whenever the descriptor is ready for one of `events`, for as long as it is so."""
        self._epoll.register(fd, events)
        self._ready[fd] = ready

    def modify(self, fd: int, events: int) -> None:
        self._epoll.modify(fd, events)

    def unregister(self, fd: int) -> None:
        """Before the descriptor is closed. One that is not registered is fine."""
        if self._ready.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def call_at(self, when: int, work: Callable[[], object]) -> Timer:
        """Call `work` once it is `when`, in the order of time, and of asking where the time is equal."""
        timer = Timer(when, work)
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, timer))
        return timer

    def call_from_thread(self, work: Callable[[], object]) -> None:
        """Call `work` on the loop's thread, soon. Nothing happens once the loop is closed."""
        with self._lock:
            if not self._closed:
                self._calls.append(work)
                os.eventfd_write(self._wake, 1)

    def in_thread(self, work: Callable[[], Any], done: Callable[[Any], object]) -> None:
        """Do what blocks in a thread of its own, and then `done(its result)` on the loop; an OSError is a result."""

        def run() -> None:
            try:
                result = work()
            except OSError as error:
                result = error
            self.call_from_thread(lambda: done(result))

        threading.Thread(target=run, daemon=True).start()

    def run(self) -> None:
        """Serve until `stop`."""
        self._running = True
        while self._running:
            self.once()

    def stop(self) -> None:
        self._running = False

    def once(self, longest_s: float = -1) -> None:
        """Wait for one batch of events or the next timer, at most that long, and handle what is due."""
        for fd, events in self._poll(longest_s):
            ready = self._ready.get(fd)  # an earlier one of this batch may have closed it
            if ready is not None:
                try:
                    ready(events)
                except Exception:
                    self.unregister(fd)  # or it would be told again, for ever
                    traceback.print_exc()
        if self._timers:
            self.run_due()

    def run_due(self) -> None:
        """Call every timer that is due by the clock, also those that the calls add."""
        timers = self._timers
        now = self.now()
        while timers and timers[0][0] <= now:
            timer = heapq.heappop(timers)[2]
            try:
                timer.fire()
            except Exception:
                traceback.print_exc()

    def next_due(self) -> int | None:
        """When the next timer is due. Cancelled ones are forgotten on the way."""
        timers = self._timers
        while timers and not timers[0][2].waiting:
            heapq.heappop(timers)
        return timers[0][0] if timers else None

    def _poll(self, longest_s: float) -> list[tuple[int, int]]:
        due = self.next_due() if self._timers else None
        if due is None:
            return self._epoll.poll(longest_s)
        wait_ns = max(0, due - self.now())
        if 0 <= longest_s * 1e9 < wait_ns:
            return self._epoll.poll(longest_s)
        if 0 < wait_ns < _FINE_NS:
            select.select((self._epoll,), (), (), wait_ns / 1e9)
            wait_ns = 0
        return self._epoll.poll(wait_ns / 1e9)

    def _called(self, events: int) -> None:
        os.eventfd_read(self._wake)
        while self._calls:
            self._calls.popleft()()

    def close(self) -> None:
        with self._lock:  # a thread must not write to the descriptor of whoever gets the number next
            self._closed = True
            os.close(self._wake)
        self._epoll.close()
