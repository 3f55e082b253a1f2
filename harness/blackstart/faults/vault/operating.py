"""What faults in Vault have in common: each is made by calls to its API, as an operator could make them.

The calls carry root's token, which is read from the keyring whenever it is needed and enters no ledger. They
go to the server itself, so that no fault of the network keeps them from it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.replica.asking import Refused
from blackstart.replica.components.vault import Keyholder, VaultClient
from blackstart.replica.components.vault_keyring import Keyring
from blackstart.replica.layout import endpoint
from blackstart.replica.programs.httpclient import why
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.base import Replica
    from blackstart.replica.site import Site

__all__ = ["EVERY", "Operator", "TeamFault", "VaultFault", "told"]

EVERY = "every"
"""The value of `team` that means every team and the canary."""

MOVE_LIMIT_S = 10.0


class Operator(VaultClient):
    """Vault with root's token. ReplicaError when the keys cannot be read."""

    def __init__(self, undo: Undo) -> None:
        file = Path(str(undo["keyring"]))
        self.keyring = Keyring.read(file)
        host, _, port = str(undo.get("server", undo["endpoint"])).rpartition(":")
        super().__init__((host, int(port)), self.keyring.root_token)

    def move(self, source: str, target: str) -> None:
        """Move a mount with all that it holds, and wait until it is there."""
        moved = self.call("POST", "sys/remount", {"from": source, "to": target})
        path = f"sys/remount/status/{moved['data']['migration_id']}"

        def state() -> str:
            return str(self.call("GET", path)["data"]["migration_info"]["status"])

        wait_until(lambda: state() != "in-progress", MOVE_LIMIT_S)
        if (last := state()) != "success":
            raise Refused(f"moving {source} to {target} ended with: {last}")


class VaultFault(Fault):
    """A fault is four small functions on a Vault that answers: look, breaks, mend and whole."""

    kinds: ClassVar[tuple[str, ...]] = ("vault",)
    ours_only: ClassVar[bool] = True
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    broken: ClassVar[str]
    """What has been done to Vault, for messages: "sealed"."""

    @abstractmethod
    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """What mending will need beside the keys; touches nothing."""

    @abstractmethod
    def breaks(self, vault: Operator, undo: Undo) -> None:
        """Break it, or leave it as it is when it is broken already."""

    @abstractmethod
    def mend(self, vault: Operator, undo: Undo) -> None:
        """Put right what is not; Vault is unsealed."""

    @abstractmethod
    def whole(self, vault: Operator, undo: Undo) -> bool:
        """Whether nothing of it is left, whoever mended it."""

    def prepare(self, replica: Replica, target: str) -> Undo:
        """Where Vault and its keys are, and what was found. The keys themselves enter no ledger."""
        keyring, at = str(_keyring(self, replica)), replica.components()[target].endpoint
        server = endpoint(replica.site.behind[target]) if isinstance(replica, _Sited) else at
        audit_log = str(replica.audit_log(target) or "")
        place = {
            "component": target,
            "endpoint": at,
            "server": server,
            "keyring": keyring,
            "audit_log": audit_log,
        }
        with told(self, place, "looked at"):
            vault = Operator(place)
            undo = {**place, **self.look(vault, place)}
            if not self.whole(vault, undo):
                raise ReplicaError(
                    f"{target} at {place['endpoint']} is {self.broken} already: {self.name} would prove nothing",
                    hint=f"mend it first: {self.fix}",
                )
        return undo

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """ReplicaError when Vault refuses or does not answer."""
        with told(self, undo, self.broken):
            self.breaks(Operator(undo), undo)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Unseal Vault if it is sealed, and mend it. ReplicaError when it cannot be.

        Where no server runs, nothing can be done now: what is in its data folder is mended by the next call.
        """
        vault = Operator(undo)
        with told(self, undo, "healed"):
            try:
                vault.unseal(vault.keyring.keys)
            except ConnectionRefusedError:
                return
            self.mend(vault, undo)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        """Whether Vault is whole. One that does not answer is not known to be."""
        try:
            return self.whole(Operator(undo), undo)
        except (ReplicaError, Refused, OSError, HTTPException):
            return False


class TeamFault(VaultFault):
    """A fault that breaks something of one team, or of all."""

    team: Literal["every", "canary", "orders", "payments", "search"] = Field(
        default="every", description="the team that is hit; every: all teams and the canary"
    )

    def teams(self, vault: Operator) -> tuple[str, ...]:
        """Everybody who has a secret, or the one."""
        return tuple(vault.keyring.secrets) if self.team == EVERY else (self.team,)


@contextmanager
def told(fault: VaultFault, undo: Undo, done: str) -> Iterator[None]:
    """Failures as ReplicaError, with what could not be done and why."""
    try:
        yield
    except (Refused, OSError, HTTPException) as error:
        raise ReplicaError(
            f"{undo['component']} at {undo['endpoint']} could not be {done} ({fault.name}): {why(error)}"
        ) from error


@runtime_checkable
class _Sited(Protocol):
    @property
    def site(self) -> Site: ...


def _keyring(fault: VaultFault, replica: Replica) -> Path:
    if not isinstance(replica, Keyholder):
        raise ReplicaError(
            f"the replica {replica.name} does not hold Vault's keys: {fault.name} could not be undone"
        )
    return replica.keyring()
