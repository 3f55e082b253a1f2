"""Faults in a server's policy: for some names, or for all, it answers something else than the truth."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Move, Undo
from blackstart.faults.dns.asking import service_probe
from blackstart.faults.dns.folders import (
    ServiceName,
    copies_run_out,
    folder_of,
    forget,
    longest_ttl,
    of_kind,
    service_name,
)
from blackstart.replica.programs.dns_policy import EVERY_NAME, PolicyFile, Rule
from blackstart.replica.programs.dns_zone import ZoneFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blackstart.replica.base import Probe, Replica

__all__ = ["RuleFault"]


class RuleFault(Fault):
    """Adds one rule to the policy of an authority or a resolver; a resolver's works at once, whatever it kept.

    A CoreDNS resolver (compose) begins anew for it, so it forgets the copies of other names too.
    """

    undone: ClassVar[str] = "takes the rule out of the server's policy"
    kinds: ClassVar[tuple[str, ...]] = ("dns", "resolver")
    ours_only: ClassVar[bool] = True
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    turns_red: ClassVar[str] = "{target}-{service}"
    holds: ClassVar[tuple[str, ...]] = ("{target}/names/{service}",)

    service: ServiceName | Literal["all"] = Field(
        default="vault", description="whose name it is, or all names"
    )

    @abstractmethod
    def rule(self) -> Rule:
        """The rule that breaks it; `self.names()` is the name that it is for."""

    def names(self) -> str:
        return EVERY_NAME if self.service == "all" else service_name(self.service)

    def asked(self) -> str:
        """The service that its probe asks for."""
        return "vault" if self.service == "all" else self.service

    def resources(self, target: str) -> frozenset[str]:
        return frozenset([f"{target}/names"]) if self.service == "all" else super().resources(target)

    def prepare(self, replica: Replica, target: str) -> Undo:
        folder, rule = folder_of(replica, target), self.rule()
        if _matching(PolicyFile(folder), rule.name, rule.action):
            raise ReplicaError(
                f"{target} has the rule {rule.text()} already: it is broken in this way before the fault",
                hint=f"policy remove {target} '{rule.name}' takes it away",
            )
        resolvers = [str(folder_of(replica, name)) for name in of_kind(replica, "resolver")]
        return {
            "folder": str(folder),
            "resolvers": resolvers,
            "name": rule.name,
            "action": rule.action,
            "ttl": self._kept_s(folder),
        }

    def _kept_s(self, folder: Path) -> int:
        """How long resolvers hide it from their clients: 0 where the server itself is one."""
        zone = ZoneFolder(folder)
        return longest_ttl(zone.read(), self.service) if zone.exists() else 0

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        try:
            PolicyFile(folder_of(replica, target)).add(self.rule())
        except (OSError, ValueError, TypeError) as error:
            raise ReplicaError(f"the policy of {target} cannot be changed: {error}") from error

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Take the rule away. ReplicaError when the policy cannot be written."""
        folder = Path(str(undo["folder"]))
        if not folder.is_dir():
            return
        try:
            PolicyFile(folder).remove(undo["name"], undo["action"])
            forget(undo)
        except (OSError, ValueError, TypeError) as error:
            raise ReplicaError(f"the policy of {target} cannot be changed: {error}") from error

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        try:
            return not _matching(PolicyFile(Path(str(undo["folder"]))), undo["name"], undo["action"])
        except (OSError, ValueError, TypeError):
            return False

    def moves(self, replica: Replica, target: str, undo: Undo) -> Sequence[Move]:
        return [copies_run_out(undo)] if undo["ttl"] else []

    def probe(self, replica: Replica, target: str) -> Probe:
        return service_probe(self.probe_name(target, ""), replica, target, self.asked())


def _matching(policy: PolicyFile, name: str, action: str) -> list[Rule]:
    return [rule for rule in policy.rules() if (rule.name, rule.action) == (name, action)]
