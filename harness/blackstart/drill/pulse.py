"""The harness's sign of life to its watchdog, and the watchdog's to the harness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.drill.signals import Interrupted

if TYPE_CHECKING:
    from blackstart.watchdog import Watchdog

__all__ = ["LEASE_S", "Pulse"]

LEASE_S = 30.0
"""Real seconds in which the harness must be heard of again; then its watchdog takes it for hung, and heals on its own.

It is the deadline that every fault carries, moved on by each beat. What may take longer says so beforehand: a command,
whatever is done to the replica, its start and its end.
"""


class Pulse:
    """Beats in the conductor's loop. Where no watchdog listens any more, the drill is ended in order."""

    def __init__(self, guard: Watchdog) -> None:
        self._guard = guard
        self._ending = False

    def beat(self, seconds: float = LEASE_S) -> None:
        """Say that the harness is well, and back within so many real seconds. Interrupted when nobody watches."""
        self._guard.renew(max(seconds, LEASE_S))
        if not self._ending and not self._guard.alive():
            self._ending = True  # healing goes on without it
            raise Interrupted("the watchdog is gone, and no fault may be without one", how="guard")

    def ending(self) -> None:
        """The drill heals and closes: from here on nothing is broken any more, so nobody need watch for that."""
        self._ending = True
