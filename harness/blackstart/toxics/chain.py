"""The effects of one direction in a row. Pieces move on as they fall due, and as there is room after them.

Pure: the time is given. A piece carries the exact time at which it left the effect before, not the later one at which
the machine came round to it, so that delays add up exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from blackstart.toxics.effects.base import DATA, Effect, Piece

if TYPE_CHECKING:
    from blackstart.toxics.model import Toxic

__all__ = ["Chain", "Sink"]


class Sink(Protocol):
    """Where a chain ends. After a piece that is no DATA it gets nothing more."""

    def put(self, piece: Piece) -> None: ...

    def room(self) -> bool: ...


class _Stage:
    """One effect in the chain, and what is known of its place there."""

    __slots__ = ("blocked", "effect", "floor", "over", "shut", "toxic")

    def __init__(self, toxic: Toxic, effect: Effect) -> None:
        self.toxic = toxic
        self.effect = effect
        self.shut = False  # an end came in: nothing more is taken
        self.over = False  # an end went out: nothing more is given
        self.blocked = False  # something was due and had no room
        self.floor = 0  # nothing leaves before this: when the last one left, or the values changed

    def put(self, piece: Piece) -> None:
        if not self.shut:
            self.shut = piece.kind != DATA
            self.effect.put(piece)

    def room(self) -> bool:
        return self.effect.room()


class Chain:
    """The effects of one direction of one connection, in the order in which their toxics were made."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._stages: list[_Stage] = []

    def __len__(self) -> int:
        return len(self._stages)

    def __contains__(self, toxic: Toxic) -> bool:
        return any(stage.toxic is toxic for stage in self._stages)

    def put(self, piece: Piece) -> None:
        """Bytes or an end from the sender. Call `run` then."""
        self._after(-1).put(piece)

    def room(self) -> bool:
        """Whether the sender may send more."""
        return self._after(-1).room()

    def run(self, now: int) -> None:
        """Move everything that is due by `now`, and what gets room by that."""
        while any(self._drain(index, now) for index in range(len(self._stages))):
            pass

    def next_due(self) -> int | None:
        """When `run` is to be called again, if nothing comes and nothing gets room meanwhile."""
        times = [stage.effect.due() for stage in self._stages if not stage.over and not stage.blocked]
        return min((when for when in times if when is not None), default=None)

    def add(self, toxic: Toxic, effect: Effect, order: Sequence[Toxic]) -> None:
        """Put an effect in, where its toxic stands in `order`. It acts on what comes from now on."""
        before = order[: order.index(toxic)]
        place = sum(stage.toxic in before for stage in self._stages)
        self._stages.insert(place, _Stage(toxic, effect))

    def update(self, toxic: Toxic, now: int) -> None:
        """The toxic has new values: they hold for what waits, too. What was due by the old ones is to be run before."""
        for stage in self._stages:
            if stage.toxic is toxic:
                stage.effect.update(toxic.attributes)
                stage.floor = now

    def remove(self, toxic: Toxic, now: int) -> None:
        """Take an effect out. What waits in it goes on to the next at once, before anything that comes later."""
        for index, stage in enumerate(self._stages):
            if stage.toxic is toxic:
                after = self._after(index)
                del self._stages[index]
                if not stage.over:
                    for piece in stage.effect.rest(now):
                        after.put(piece)
                return

    def _after(self, index: int) -> Sink:
        following = index + 1
        return self._stages[following] if following < len(self._stages) else self._sink

    def _drain(self, index: int, now: int) -> bool:
        stage, after = self._stages[index], self._after(index)
        moved = False
        while not stage.over:
            due = stage.effect.due()
            if due is None or due > now:
                break
            if not after.room():
                stage.blocked = True
                break
            stage.floor = now if stage.blocked else max(due, stage.floor)
            stage.blocked = False
            piece = stage.effect.pop(stage.floor)
            stage.over = piece.kind != DATA
            after.put(piece)
            moved = True
        return moved
