"""A component's network goes down and comes back, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Move, Undo
from blackstart.faults.network.down import NetworkDown
from blackstart.faults.network.toxic import from_proxy, ours, proxied, toxics_in
from blackstart.source import Duration

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["NetworkFlapping"]

MARK = "blackstart-flapping"
"""A toxic that does nothing and says that it goes on: whoever takes it away has mended the network for good."""


class NetworkFlapping(NetworkDown):
    """Down, up, down, up: in drill time, until it is mended or has been down so many times."""

    name: ClassVar[str] = "network.flapping"
    summary: ClassVar[str] = "a component's network goes down and comes back, again and again"
    seen: ClassVar[str] = "connection refused for a while, then all is well for a while, then again"

    down: Duration = Field(default=30.0, gt=0, le=3600, description="how long it is down, in drill time")
    up: Duration = Field(
        default=30.0, gt=0, le=3600, description="how long it is up in between, in drill time"
    )
    times: int = Field(default=10, ge=2, le=100, description="how often it goes down before it is over")

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        with from_proxy(f"{target} cannot be made to flap"):
            for name, about in ours(replica, undo).items():
                if MARK not in toxics_in(about):
                    proxied(replica).proxy.add(name, "noop", name=MARK)
        super().inject(replica, target, undo)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        super().heal(replica, target, undo)
        with from_proxy(f"{target} cannot be kept from flapping"):
            for name in ours(replica, undo):
                proxied(replica).proxy.remove(name, MARK)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        """Whether it is over: up between two times is not enough."""
        try:
            return super().gone(replica, target, undo) and not self._goes_on(replica, undo)
        except ReplicaError:
            return False

    def _goes_on(self, replica: Replica, undo: Undo) -> bool:
        return any(MARK in toxics_in(about) for about in ours(replica, undo).values())

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        def come_back() -> None:
            NetworkDown.heal(self, replica, target, undo)

        def go_down() -> None:
            if self._goes_on(replica, undo):
                NetworkDown.inject(self, replica, target, undo)

        moves = []
        for turn in range(self.times - 1):
            began_s = turn * (self.down + self.up)
            moves.append(Move(began_s + self.down, "its network is back", come_back, off=True))
            moves.append(Move(began_s + self.down + self.up, "its network is down again", go_down))
        last_s = (self.times - 1) * (self.down + self.up) + self.down
        return [*moves, Move(last_s, "its network is back for good", lambda: None, ends=True)]
