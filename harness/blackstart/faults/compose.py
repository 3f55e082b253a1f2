"""Several faults that break as one: a rack's power, a change that went wrong in two places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Move, Undo
from blackstart.faults.catalogue import load
from blackstart.faults.wrappers import validated
from blackstart.scenario import Part

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["Compose"]


class Compose(Fault):
    """Its parts are injected in order and healed in reverse; when one cannot be, those before it are healed.

    Every part must show by its own probe.
    """

    name: ClassVar[str] = "compose"
    summary: ClassVar[str] = "breaks several things at once, in order; all of them heal together"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    within_s: ClassVar[float] = 10.0
    seen: ClassVar[str] = "what each of its parts shows"
    fix: ClassVar[str] = "what fixes each of its parts"
    undone: ClassVar[str] = "heals its parts, the last one first"

    parts: tuple[Part, ...] = Field(min_length=1, description="each a fault, its target and its params")

    def prepare(self, replica: Replica, target: str) -> Undo:
        return {"undos": [dict(validated(_made(part)).prepare(replica, part.target)) for part in self.parts]}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        done: list[tuple[Part, Undo]] = []
        for part, its in zip(self.parts, undo["undos"], strict=True):
            done.append((part, its))
            try:
                _made(part).inject(replica, part.target, its)
            except Exception:
                for former, former_undo in reversed(done):
                    _made(former).heal(replica, former.target, former_undo)
                raise

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Heals every part, whatever another's undo raises; ReplicaError has all of that."""
        failed: list[str] = []
        for part, its in reversed(list(zip(self.parts, undo["undos"], strict=True))):
            try:
                _made(part).heal(replica, part.target, its)
            except Exception as error:
                failed.append(f"{part.fault} on {part.target}: {error}")
        if failed:
            raise ReplicaError("; ".join(failed))

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        parts = zip(self.parts, undo["undos"], strict=True)
        return all(_made(part).gone(replica, part.target, its) for part, its in parts)

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        """Where one part ends it is healed and the others go on; the whole is over with the last that ends by itself."""
        parts = [_moves(part, replica, its) for part, its in zip(self.parts, undo["undos"], strict=True)]
        ends = [max((move.after_s for move, _ in part if move.ends), default=inf) for part in parts]
        return [
            replace(move, off=False)
            if not move.ends or move.after_s == max(ends)
            else replace(move, off=False, ends=False, do=heal)
            for part in parts
            for move, heal in part
        ]

    def probe_names(self, target: str, own: Callable[[str], str]) -> tuple[str, ...]:
        return tuple(
            name
            for part in self.parts
            for name in ([part.turns_red] if part.turns_red else _made(part).probe_names(part.target, own))
        )

    def members(self, target: str) -> Sequence[tuple[Fault, str]]:
        return [each for part in self.parts for each in _made(part).members(part.target)]

    def composed(self) -> Mapping[tuple[str | int, ...], Part]:
        return {("parts", index): part for index, part in enumerate(self.parts)}

    def resources(self, target: str) -> frozenset[str]:
        return frozenset().union(*(_made(part).resources(part.target) for part in self.parts))


def _made(part: Part) -> Fault:
    return load(part.fault).model_validate(part.params)


def _moves(part: Part, replica: Replica, undo: Undo) -> Sequence[tuple[Move, Callable[[], None]]]:
    """What one part does by itself, each with what heals that part."""
    fault = _made(part)

    def heal() -> None:
        fault.heal(replica, part.target, undo)

    return [(move, heal) for move in fault.moves(replica, part.target, undo)]
