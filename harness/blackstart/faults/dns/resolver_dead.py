"""The resolver is gone while the authority lives: the names are all there, and nobody gets to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.dns.folders import address_of, authority_of
from blackstart.faults.process.ended import Ended
from blackstart.replica.asking import Refused
from blackstart.replica.components.dns import check_authority
from blackstart.replica.programs.dnsclient import DnsError
from blackstart.replica.programs.httpclient import why

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

__all__ = ["DnsResolverDead"]

_ANSWER_S = 2.0


class DnsResolverDead(Ended):
    """Kill the resolver, if its authority answers: the likely suspect is well, and looking there costs time."""

    name: ClassVar[str] = "dns.resolver-dead"
    summary: ClassVar[str] = "kills the caching resolver while the authority goes on answering"
    kinds: ClassVar[tuple[str, ...]] = ("resolver",)
    seen: ClassVar[str] = (
        "resolve NAME times out and nobody finds anything, while zone serial shows an authority that answers; "
        "service status says that the resolver does not run"
    )
    fix: ClassVar[str] = "start it again: service start resolver"

    def prepare(self, replica: Replica, target: str) -> Undo:
        authority = authority_of(replica)
        try:
            check_authority(address_of(replica, authority), _ANSWER_S)
        except (Refused, DnsError, OSError) as error:
            raise ReplicaError(
                f"{self.name}: {authority} does not answer either: {why(error)}",
                hint="the fault is a resolver that is dead while its authority lives",
            ) from error
        return super().prepare(replica, target)

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        replica.kill(target)
