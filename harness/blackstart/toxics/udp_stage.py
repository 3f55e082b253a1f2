"""A datagram's way past the toxics: each in the order of creation, some of them waited at.

No socket here, and no clock but the loop's: tests move it by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from blackstart.toxics.udp_toxics import ACTS, DELAY, delay_ns

if TYPE_CHECKING:
    from blackstart.toxics.loop import Loop, Timer
    from blackstart.toxics.model import Toxic

__all__ = ["CAPACITY", "Deliver", "Stage"]

Deliver = Callable[[bytes], object]

CAPACITY: Final = 32 * 1024 * 1024
"""Bytes that may wait in one proxy. What comes on top is lost, as in any full queue that UDP meets."""


@dataclass(eq=False)
class _Waiting:
    """One datagram at a `delay`: when it came, its place within the jitter, and the rest of its way."""

    toxic: Toxic
    came: int
    place: float
    data: bytes
    rest: tuple[Toxic, ...]
    deliver: Deliver
    timer: Timer | None = None


class Stage:
    """All datagrams of one proxy that are on their way.

    Whether a toxic acts is rolled for each datagram, by its toxicity. Each toxic has its own `chance`, so that the
    n-th datagram that meets it fares the same in every run with the same seed. `there` says whether a toxic is still
    on the proxy: what waited meets only those that are.
    """

    def __init__(self, loop: Loop, chance: Callable[[Toxic], Random], there: Callable[[Toxic], bool]) -> None:
        self._loop = loop
        self._new_chance = chance
        self._there = there
        self._chances: dict[Toxic, Random] = {}
        self._waiting: dict[_Waiting, None] = {}  # in the order of coming
        self._held = 0

    def send(self, data: bytes, toxics: tuple[Toxic, ...], deliver: Deliver) -> None:
        """Let a datagram go; `deliver` is called for what arrives of it, now, later, more than once or never."""
        arriving = [data]
        for number, toxic in enumerate(toxics):
            if not self._acts(toxic):
                continue
            if toxic.type is DELAY:
                for one in arriving:
                    self._wait(toxic, one, toxics[number + 1 :], deliver)
                return
            act, chance = ACTS[toxic.type.name], self._chance(toxic)
            arriving = [new for one in arriving for new in act(one, toxic.attributes, chance)]
        for one in arriving:
            deliver(one)

    def changed(self, toxic: Toxic) -> None:
        """The toxic has new values: they hold for what waits, too."""
        for one in self._at(toxic):
            self._set_timer(one)

    def removed(self, toxic: Toxic) -> None:
        """The toxic is gone: what waits for it goes on at once."""
        self._chances.pop(toxic, None)
        for one in self._at(toxic):
            self._go_on(one)

    def clear(self) -> None:
        """Everything that is on its way is lost."""
        for one in self._waiting:
            if one.timer:
                one.timer.cancel()
        self._waiting.clear()
        self._held = 0

    def _acts(self, toxic: Toxic) -> bool:
        return toxic.toxicity >= 1 or self._chance(toxic).random() < toxic.toxicity

    def _chance(self, toxic: Toxic) -> Random:
        found = self._chances.get(toxic)
        if found is None:
            found = self._chances[toxic] = self._new_chance(toxic)
        return found

    def _wait(self, toxic: Toxic, data: bytes, rest: tuple[Toxic, ...], deliver: Deliver) -> None:
        if self._held + len(data) > CAPACITY:
            return
        place = self._chance(toxic).uniform(-1.0, 1.0)
        one = _Waiting(toxic, self._loop.now(), place, data, rest, deliver)
        self._waiting[one] = None
        self._held += len(data)
        self._set_timer(one)

    def _set_timer(self, one: _Waiting) -> None:
        if one.timer:
            one.timer.cancel()
        due = one.came + delay_ns(one.toxic.attributes, one.place)
        one.timer = self._loop.call_at(due, lambda: self._go_on(one))

    def _go_on(self, one: _Waiting) -> None:
        if one.timer:
            one.timer.cancel()
        del self._waiting[one]
        self._held -= len(one.data)
        self.send(one.data, tuple(toxic for toxic in one.rest if self._there(toxic)), one.deliver)

    def _at(self, toxic: Toxic) -> list[_Waiting]:
        return [one for one in self._waiting if one.toxic is toxic]
