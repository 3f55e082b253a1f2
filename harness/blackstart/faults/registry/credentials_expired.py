"""The accounts that services pull with have expired: the passwords are right and no longer good."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.registry.asking import login_probe
from blackstart.faults.registry.storage import ImageName, store_in, store_of
from blackstart.replica.layout import CANARY

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.programs.registry_store import RegistryStore

__all__ = ["RegistryCredentialsExpired"]

EXPIRED = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
"""When they expired: a round date, so that a reader sees at once what was meant to be renewed."""


class RegistryCredentialsExpired(Fault):
    """Let pull accounts expire, where the registry, or its token server, looks at each login."""

    name: ClassVar[str] = "registry.credentials-expired"
    summary: ClassVar[str] = (
        "the registry's pull accounts have expired: no token is given for their passwords"
    )
    kinds: ClassVar[tuple[str, ...]] = ("registry",)
    ours_only: ClassVar[bool] = True
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    turns_red: ClassVar[str] = "{target}-{account}-login"
    seen: ClassVar[str] = "deploys fail at their pull token: 401 Unauthorized; images accounts says EXPIRED"
    fix: ClassVar[str] = "renew the accounts: images accounts, then images renew"
    undone: ClassVar[str] = "gives the expired accounts their dates back"
    holds: ClassVar[tuple[str, ...]] = ("{target}/accounts",)

    account: Literal["all"] | ImageName = Field(
        default="all", description="whose account expires; all of those that pull"
    )

    def prepare(self, replica: Replica, target: str) -> Undo:
        store = store_of(replica, target)
        was = store.accounts("read")
        chosen = {
            name: was[name] for name in (was if self.account == "all" else [self.account]) if name in was
        }
        expired = [name for name in chosen if store.expired(name)]
        if expired or not chosen:
            what = (
                f"{', '.join(expired)} expired already" if expired else f"there is no account {self.account}"
            )
            raise ReplicaError(f"{target}: {what}", hint="images accounts shows them")
        return {"folder": str(store.folder), "expired": EXPIRED, "expires": chosen}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        store_of(replica, target).expire(dict.fromkeys(undo["expires"], EXPIRED))

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Give back their dates to those that are expired still; who was renewed keeps the new one."""
        store = store_in(undo)
        if store is not None and (expired := _expired(store, undo)):
            store.expire({name: undo["expires"][name] for name in expired})

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        store = store_in(undo)
        return store is None or not _expired(store, undo)

    def probe(self, replica: Replica, target: str) -> Probe:
        account = CANARY if self.account == "all" else self.account
        return login_probe(replica, target, account, self.probe_name(target, ""))


def _expired(store: RegistryStore, undo: Undo) -> list[str]:
    """The accounts of a fault that are expired still; one that people removed is no longer the fault's."""
    there = store.accounts("read")
    return [name for name in undo["expires"] if name in there and store.expired(name)]
