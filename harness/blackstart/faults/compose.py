"""Several faults that break as one: a rack's power, a change that went wrong in two places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Move, Undo
from blackstart.faults.catalogue import load

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["Compose", "Part"]


class Part(BaseModel):
    """One fault of the whole: which, on what, with which parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: str
    target: str
    params: dict[str, Any] = Field(default_factory=dict)

    def made(self) -> Fault:
        return load(self.fault).model_validate(self.params)


class Compose(Fault):
    """Its parts are injected in order and healed in reverse; when one cannot be, those before it are healed."""

    name: ClassVar[str] = "compose"
    summary: ClassVar[str] = "breaks several things at once, in order; all of them heal together"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    within_s: ClassVar[float] = 10.0
    seen: ClassVar[str] = "what each of its parts shows"
    fix: ClassVar[str] = "what fixes each of its parts"

    parts: tuple[Part, ...] = Field(min_length=1, description="each a fault, its target and its params")

    def prepare(self, replica: Replica, target: str) -> Undo:
        return {"undos": [dict(part.made().prepare(replica, part.target)) for part in self.parts]}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        done: list[tuple[Part, Undo]] = []
        for part, its in zip(self.parts, undo["undos"], strict=True):
            done.append((part, its))
            try:
                part.made().inject(replica, part.target, its)
            except Exception:
                for former, former_undo in reversed(done):
                    former.made().heal(replica, former.target, former_undo)
                raise

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Heals every part, whatever another's undo raises; ReplicaError has all of that."""
        failed: list[str] = []
        for part, its in reversed(list(zip(self.parts, undo["undos"], strict=True))):
            try:
                part.made().heal(replica, part.target, its)
            except Exception as error:
                failed.append(f"{part.fault} on {part.target}: {error}")
        if failed:
            raise ReplicaError("; ".join(failed))

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        parts = zip(self.parts, undo["undos"], strict=True)
        return all(part.made().gone(replica, part.target, its) for part, its in parts)

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        parts = zip(self.parts, undo["undos"], strict=True)
        return [move for part, its in parts for move in part.made().moves(replica, part.target, its)]

    def resources(self, target: str) -> frozenset[str]:
        return frozenset().union(*(part.made().resources(part.target) for part in self.parts))
