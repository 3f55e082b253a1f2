"""Nothing of a component can be reached, though it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.network.toxic import PROXIED, from_proxy, ours, proxied, proxies_of

if TYPE_CHECKING:
    from blackstart.replica.base import Replica
    from blackstart.replica.foreseen import Foreseen

__all__ = ["NetworkDown"]


class NetworkDown(Fault):
    """Close every connection and refuse new ones; over UDP nothing is listened for. The server runs on."""

    name: ClassVar[str] = "network.down"
    summary: ClassVar[str] = "a component's connections are closed and refused, though it runs"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    replicas: ClassVar[tuple[str, ...]] = PROXIED
    seen: ClassVar[str] = "connection refused, while the component's process runs and its log is silent"
    fix: ClassVar[str] = "bring its network back: network restore NAME"
    undone: ClassVar[str] = "enables the proxies"
    holds: ClassVar[tuple[str, ...]] = ("{target}/network",)
    unseen_by: ClassVar[tuple[str, ...]] = ("exec",)

    def lacks(self, there: Foreseen) -> str:
        return there.no_proxy

    def prepare(self, replica: Replica, target: str) -> Undo:
        found = proxies_of(replica, target)
        down = [name for name, about in found.items() if not about["enabled"]]
        if down:
            raise ReplicaError(
                f"the proxy {down[0]} is down already: {target} cannot be cut off",
                hint=f"network restore {target}",
            )
        return {"listens": {name: about["listen"] for name, about in found.items()}}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        with from_proxy(f"{target} cannot be cut off"):
            for name in undo["listens"]:
                proxied(replica).proxy.disable(name)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Enable the proxies. Where the proxy's process is gone there is nothing to enable."""
        for name, about in ours(replica, undo).items():
            if not about["enabled"]:
                with from_proxy(f"the network of {target} cannot be brought back"):
                    proxied(replica).proxy.enable(name)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        try:
            return all(about["enabled"] for about in ours(replica, undo).values())
        except ReplicaError:
            return False
