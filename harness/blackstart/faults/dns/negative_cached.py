"""The resolver keeps a "no": the record is back at the authority, and nobody hears of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.dns.asking import service_probe
from blackstart.faults.dns.folders import (
    ServiceName,
    address_of,
    authority_of,
    folder_of,
    service_name,
    zone_in,
    zone_of,
)
from blackstart.replica.programs.dns_cache import flush, keeps
from blackstart.replica.programs.dns_policy import PolicyFile, Rule
from blackstart.replica.programs.dnsclient import DnsError, ask
from blackstart.replica.programs.httpclient import why

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.programs.dnsclient import Answer

__all__ = ["DnsNegativeCached"]

KEPT_S = 86_400
"""A day: a common mistake in an SOA record's last field (RFC 2308 advises one to three hours at most)."""

_ANSWER_S = 2.0

_TRIES = 5
"""A server that begins anew may answer one more question from what it had before."""


class DnsNegativeCached(Fault):
    """The authority says NXDOMAIN for the moment of one question of the resolver's, to be kept for a day.

    Everything else that the resolver has kept is forgotten for it.
    """

    name: ClassVar[str] = "dns.negative-cached"
    summary: ClassVar[str] = "the resolver keeps an old NXDOMAIN for a service whose record is there"
    kinds: ClassVar[tuple[str, ...]] = ("resolver",)
    ours_only: ClassVar[bool] = True
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    turns_red: ClassVar[str] = "{target}-{service}"
    seen: ClassVar[str] = (
        "NXDOMAIN from the resolver, while the authority has the record: what people publish changes nothing"
    )
    fix: ClassVar[str] = "empty the resolver's cache: cache flush; or service restart resolver"
    undone: ClassVar[str] = "empties the resolver's cache"
    holds: ClassVar[tuple[str, ...]] = ("{target}/names/{service}",)

    service: ServiceName = Field(default="vault", description="whose name it is")

    def prepare(self, replica: Replica, target: str) -> Undo:
        zone = zone_of(replica, authority_of(replica))
        if not zone.read().find(service_name(self.service)):
            raise ReplicaError(
                f"{service_name(self.service)} is not in {zone.file}: the resolver's no would be the truth",
                hint="zone show, zone history",
            )
        return {
            "folder": str(zone.folder),
            "resolver": str(folder_of(replica, target)),
            "ask": list(address_of(replica, target)),
            "name": service_name(self.service),
        }

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Returns once the resolver has it. ReplicaError when it does not take it."""
        try:
            answer = self._told_no(undo)
        except (OSError, ValueError, TypeError, DnsError) as error:
            raise ReplicaError(f"{self.name}: {target} cannot be given a no: {why(error)}") from error
        if answer.rcode != "NXDOMAIN":
            raise ReplicaError(
                f"{self.name}: {target} answers {answer.rcode} where its authority said NXDOMAIN"
            )

    def no(self, undo: Undo) -> Rule:
        """What the authority says for that moment."""
        return Rule(undo["name"], "NXDOMAIN", ttl=KEPT_S)

    def _told_no(self, undo: Undo) -> Answer:
        """What the resolver says once its authority says the truth again."""
        for _ in range(_TRIES):
            self._tell_no(undo)
            answer = ask(_address(undo), undo["name"], "SRV", timeout_s=_ANSWER_S)
            if answer.rcode == "NXDOMAIN":
                break
        return answer

    def _tell_no(self, undo: Undo) -> None:
        policy, resolver = PolicyFile(Path(str(undo["folder"]))), Path(str(undo["resolver"]))
        policy.add(self.no(undo))
        try:
            flush(resolver)
            ask(_address(undo), undo["name"], "SRV", timeout_s=_ANSWER_S)
            keeps(resolver, KEPT_S)
        finally:
            policy.remove(undo["name"], "NXDOMAIN")

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Empty the resolver's cache. ReplicaError when its folder cannot be written."""
        try:
            if zone_in(undo):
                PolicyFile(Path(str(undo["folder"]))).remove(undo["name"], "NXDOMAIN")
            if Path(str(undo["resolver"])).is_dir():
                flush(Path(str(undo["resolver"])))
        except (OSError, ValueError, TypeError) as error:
            raise ReplicaError(f"the cache of {target} cannot be emptied: {error}") from error

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        """Whether the resolver says no only where the zone does. One that does not run keeps nothing."""
        if not replica.running(target):
            return True
        try:
            answer = ask(_address(undo), undo["name"], "SRV", timeout_s=_ANSWER_S)
            zone = zone_in(undo)
            return answer.rcode != "NXDOMAIN" or zone is None or not zone.read().find(undo["name"])
        except (OSError, ValueError, KeyError, TypeError, DnsError):
            return False

    def probe(self, replica: Replica, target: str) -> Probe:
        return service_probe(self.probe_name(target, ""), replica, target, self.service)


def _address(undo: Undo) -> tuple[str, int]:
    host, port = undo["ask"]
    return host, port
