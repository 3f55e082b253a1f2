"""Wrappers: each takes a fault and returns a fault, so that they can be put around one another.

limited(fault, 600)                  over after ten minutes of drill time
repeated(fault, 3, 300, 60)          three times, every five minutes, for one minute each
ramped(fault, 600, 4)                from a quarter to the whole in ten minutes
validated(fault)                     refuses what cannot be broken or undone before anything is touched
happens(0.3, seed, "slow-disk")      whether a fault with a chance happens in this drill

Several faults that break as one are the fault `compose` of the catalogue (`faults.compose`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ConfigDict, SkipValidation

from blackstart.errors import UsageError
from blackstart.faults.base import Fault, Move, Undo

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica
    from blackstart.scenario import Part

__all__ = ["demand_supported", "happens", "limited", "ramped", "repeated", "validated"]


def validated(fault: Fault) -> Fault:
    """`prepare` refuses, by UsageError, a replica or a target that the fault cannot break, and a broken undo."""
    return _Validated(inner=fault)


def limited(fault: Fault, lasts_s: float) -> Fault:
    """Over after so many drill seconds, whoever did not mend it."""
    return _Limited(inner=fault, lasts_s=lasts_s)


def repeated(fault: Fault, times: int, every_s: float, lasting_s: float) -> Fault:
    """Injected `times` times, `every_s` drill seconds apart, healed after `lasting_s` each time."""
    return _Repeated(inner=fault, times=times, every_s=every_s, lasting_s=lasting_s)


def ramped(fault: Fault, over_s: float, steps: int) -> Fault:
    """Injected with the first of `steps` equal parts of the parameters it can grow by, with all of them at the end.

    UsageError for a fault that has no such parameter.
    """
    if not fault.about().grows_by:
        raise UsageError(
            f"{fault.about().name} cannot be ramped up: it is there or it is not", hint="leave ramp out"
        )
    return _Ramped(inner=fault, over_s=over_s, steps=steps)


def demand_supported(fault: Fault, replica: str) -> None:
    """UsageError when the fault does not work on a replica of that name."""
    about = fault.about()
    if replica not in about.replicas:
        supported = ", ".join(about.replicas)
        raise UsageError(
            f"{about.name} does not work on the replica {replica}", hint=f"it does on {supported}"
        )


def happens(chance: float, seed: int, fault: str) -> bool:
    """Whether a fault with this chance happens: the same answer for the same seed and id on any machine."""
    digest = hashlib.sha256(f"{seed}/chance/{fault}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < chance * 2**64


class _Wrapped(Fault):
    """Passes everything on to the fault inside."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    name: ClassVar[str] = ""
    inner: SkipValidation[Fault]

    def about(self) -> type[Fault]:
        return self.inner.about()

    def prepare(self, replica: Replica, target: str) -> Undo:
        return self.inner.prepare(replica, target)

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        self.inner.inject(replica, target, undo)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        self.inner.heal(replica, target, undo)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return self.inner.gone(replica, target, undo)

    def probe(self, replica: Replica, target: str) -> Probe | None:
        return self.inner.probe(replica, target)

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        return self.inner.moves(replica, target, undo)

    def probe_name(self, target: str, own: str) -> str:
        return self.inner.probe_name(target, own)

    def probe_names(self, target: str, own: Callable[[str], str]) -> tuple[str, ...]:
        return self.inner.probe_names(target, own)

    def members(self, target: str) -> Sequence[tuple[Fault, str]]:
        return self.inner.members(target)

    def composed(self) -> Mapping[tuple[str | int, ...], Part]:
        return self.inner.composed()

    def grown(self, share: float) -> Fault:
        return self.model_copy(update={"inner": self.inner.grown(share)})

    def resources(self, target: str) -> frozenset[str]:
        return self.inner.resources(target)

    def parameters(self) -> dict[str, Any]:
        return self.inner.parameters()


class _Validated(_Wrapped):
    def prepare(self, replica: Replica, target: str) -> Undo:
        about = self.about()
        component = replica.components().get(target)
        if component is None:
            there = ", ".join(replica.components())
            raise UsageError(f"{about.name}: this drill has no {target!r} to break", hint=f"it has {there}")
        demand_supported(self, replica.name)
        if not about.suits(component.kind):
            raise UsageError(
                f"{about.name} cannot break {target}, a {component.kind}", hint=f"it breaks {about.suited()}"
            )
        return self._readable(super().prepare(replica, target), target)

    def _readable(self, undo: Undo, target: str) -> Undo:
        """The undo, if another process would read from disk what this one has."""
        try:
            same = json.loads(json.dumps(dict(undo), allow_nan=False)) == dict(undo)
        except (TypeError, ValueError):
            same = False
        if not same:
            raise UsageError(
                f"{self.about().name} on {target} could not be undone: what its undo needs does not survive on disk",
                hint="this is a defect of the fault: prepare must return plain JSON",
            )
        return undo


class _Limited(_Wrapped):
    lasts_s: float

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        inner = [move for move in self.inner.moves(replica, target, undo) if move.after_s < self.lasts_s]
        over = Move(self.lasts_s, "its time is over", lambda: None, ends=True)
        return [*inner, over]


class _Repeated(_Wrapped):
    times: int
    every_s: float
    lasting_s: float

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        moves: list[Move] = []
        for turn in range(self.times):
            began_s = turn * self.every_s
            if turn:
                again = f"injected for the {_th(turn)} time"
                moves.append(
                    Move(began_s, again, lambda: self.inner.inject(replica, target, undo), seen=True)
                )
            moves += self._within(began_s, replica, target, undo)
            over_s = began_s + self.lasting_s
            if turn == self.times - 1:
                moves.append(Move(over_s, "over for the last time", lambda: None, ends=True))
            else:
                over = f"over for the {_th(turn)} time"
                moves.append(Move(over_s, over, self._healing(replica, target, undo), off=True, seen=True))
        return moves

    def _within(self, began_s: float, replica: Replica, target: str, undo: Undo) -> Iterator[Move]:
        """What the fault does by itself in one turn. That it ends by itself ends the turn only."""
        heal = self._healing(replica, target, undo)
        for move in self.inner.moves(replica, target, undo):
            later = replace(move, after_s=began_s + move.after_s)
            if move.after_s < self.lasting_s:
                yield replace(later, ends=False, off=True, do=heal) if move.ends else later

    def _healing(self, replica: Replica, target: str, undo: Undo) -> Callable[[], None]:
        return lambda: self.inner.heal(replica, target, undo)


class _Ramped(_Wrapped):
    over_s: float
    steps: int

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        self._step(1).inject(replica, target, undo)

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        def step(number: int) -> Move:
            grown = self._step(number)
            after_s = self.over_s * (number - 1) / (self.steps - 1)
            return Move(
                after_s, f"step {number} of {self.steps}", lambda: grown.inject(replica, target, undo)
            )

        return [*map(step, range(2, self.steps + 1)), *self.inner.moves(replica, target, undo)]

    def _step(self, number: int) -> Fault:
        return self.inner.grown(number / self.steps)


def _th(turn: int) -> str:
    return {0: "1st", 1: "2nd", 2: "3rd"}.get(turn, f"{turn + 1}th")
