"""The registry's storage quota is used up: everything can be pulled, nothing more can be pushed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.registry.asking import push_probe
from blackstart.faults.registry.storage import store_in, store_of

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["RegistryQuota"]


class RegistryQuota(Fault):
    """Set the quota to what is stored, in the registry's configuration; it counts its blobs at each push.

    On the embedded replica only: Distribution, the compose replica's registry, knows no quota. There its disk is what
    limits it: `container.disk-full`.
    """

    name: ClassVar[str] = "registry.quota"
    summary: ClassVar[str] = (
        "the registry's storage quota is used up: pulls work, pushes are refused with 507"
    )
    kinds: ClassVar[tuple[str, ...]] = ("registry",)
    turns_red: ClassVar[str] = "{target}-push"
    seen: ClassVar[str] = "pushes are refused: 507 the quota of the storage is exceeded; deploys work"
    fix: ClassVar[str] = "raise the quota or make room: images quota, then images quota BYTES"
    undone: ClassVar[str] = "sets the quota back to what it was"
    holds: ClassVar[tuple[str, ...]] = ("{target}/quota",)

    def prepare(self, replica: Replica, target: str) -> Undo:
        store = store_of(replica, target)
        quota, used = store.quota(), store.used()
        if quota is not None and used >= quota:
            raise ReplicaError(
                f"{target} stores {used} bytes of {quota}: its quota is used up already", hint="images quota"
            )
        return {"folder": str(store.folder), "used": used, "quota": quota}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        store_of(replica, target).limit(int(undo["used"]))

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Set the quota back to what it was; one that people raised stays."""
        store = store_in(undo)
        if store is not None and (store.quota() == undo["used"] or not self.gone(replica, target, undo)):
            store.limit(undo["quota"])

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        store = store_in(undo)
        quota = store.quota() if store is not None else None
        return store is None or quota is None or store.used() < quota

    def probe(self, replica: Replica, target: str) -> Probe:
        return push_probe(replica, target)
