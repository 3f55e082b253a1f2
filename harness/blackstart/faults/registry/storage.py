"""What the faults in a registry's folder have in common: where it is, and putting back what was taken away.

What is taken away stays on the registry's own disk, beside its images, so that the ledger keeps a digest only.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from blackstart.errors import ReplicaError
from blackstart.replica.programs.registry_store import RegistryStore

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

__all__ = ["ImageName", "kept", "put_back", "store_in", "store_of", "whole_or_gone"]

ImageName = Literal["payments", "orders", "search", "canary"]
"""Every image that the local replica's registry is seeded with (`replica.layout`)."""


@runtime_checkable
class _HasFolders(Protocol):
    def data(self, component: str) -> Path: ...


def store_of(replica: Replica, target: str) -> RegistryStore:
    """The registry's folder. ReplicaError for a replica that has none, or whose folder is not a registry's."""
    if not isinstance(replica, _HasFolders):
        raise ReplicaError(
            f"the replica {replica.name} has no folder for {target}: what lies in it cannot be broken"
        )
    store = RegistryStore(replica.data(target))
    if not store.config.is_file():
        raise ReplicaError(f"{target} has no configuration at {store.config}: its folder cannot be broken")
    return store


def store_in(undo: Undo) -> RegistryStore | None:
    """The folder that a fault noted; None when it was thrown away with its replica."""
    store = RegistryStore(Path(str(undo["folder"])))
    return store if store.config.is_file() else None


def kept(store: RegistryStore, digest: str) -> Path:
    """Where a blob lies while it is taken away."""
    return store.folder / "taken-away" / digest


def put_back(undo: Undo) -> None:
    """Have the blob of a fault where it was, unless it is there again, whole.

    ReplicaError when it is neither in the registry nor beside it.
    """
    store, digest = store_in(undo), str(undo["digest"])
    if store is None:
        return
    beside = kept(store, digest)
    if not store.whole(digest):
        try:
            store.blob(digest).parent.mkdir(parents=True, exist_ok=True)
            os.replace(beside, store.blob(digest))
        except OSError as error:
            raise ReplicaError(
                f"the blob {digest} cannot be put back from {beside}: {error.strerror}",
                hint="push the image again: images push IMAGE",
            ) from error
    beside.unlink(missing_ok=True)


def whole_or_gone(undo: Undo) -> bool:
    """Whether the blob of a fault is what its digest says. Nothing is broken in a folder that is gone."""
    store = store_in(undo)
    return store is None or store.whole(str(undo["digest"]))
