"""A service's records may be kept for a day: what the resolver has, it goes on saying."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.dns.asking import MOST_TTL_S, kept_ttls
from blackstart.faults.dns.folders import address_of, folder_of, forget, of_kind
from blackstart.faults.dns.ttls import TtlFault
from blackstart.replica.programs.dns_cache import keeps
from blackstart.replica.programs.dnsclient import DnsError
from blackstart.replica.programs.httpclient import why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blackstart.faults.base import Move, Undo
    from blackstart.replica.base import Replica

__all__ = ["DnsTtlDay"]

_ANSWER_S = 2.0


class DnsTtlDay(TtlFault):
    """A TTL of a day, which the resolver has already taken: to publish another one does not reach clients."""

    name: ClassVar[str] = "dns.ttl-day"
    summary: ClassVar[str] = "a service's records have a TTL of a day, and the resolver keeps them"
    seen: ClassVar[str] = (
        "everything works, until the service moves: its new address is published and nobody is sent there; "
        "the resolver's answers have a TTL of hours"
    )
    fix: ClassVar[str] = "a shorter TTL, then empty the resolver: zone ttl NAME 30; cache flush"
    ttl_s: ClassVar[int] = 86_400

    def prepare(self, replica: Replica, target: str) -> Undo:
        ask = {name: list(address_of(replica, name)) for name in of_kind(replica, "resolver")}
        return {**super().prepare(replica, target), "ask": ask}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Publish the long TTL, and have every resolver take it. ReplicaError when one does not answer."""
        super().inject(replica, target, undo)
        forget(undo)
        for resolver, (host, port) in undo["ask"].items():
            try:
                kept_ttls((host, port), self.service, _ANSWER_S)
                keeps(folder_of(replica, resolver), self.ttl_s)
            except (OSError, DnsError) as error:
                raise ReplicaError(
                    f"{self.name} on {target}: {resolver} at {host}:{port} does not take it: {why(error)}"
                ) from error

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        """Whether it is neither published nor kept. A resolver that does not run keeps nothing."""
        return super().gone(replica, target, undo) and not any(
            replica.running(resolver) and self._kept((host, port))
            for resolver, (host, port) in undo["ask"].items()
        )

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        """None: what the resolvers have does not run out."""
        return []

    def _kept(self, resolver: tuple[str, int]) -> bool:
        """Whether it gives a TTL that only such a copy can have; one that does not answer may have it."""
        try:
            return max(kept_ttls(resolver, self.service, _ANSWER_S), default=0) > MOST_TTL_S
        except (OSError, DnsError):
            return True
