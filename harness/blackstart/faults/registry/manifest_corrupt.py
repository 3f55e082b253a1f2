"""An image's manifest is damaged on the registry's disk: it is no longer what its digest says."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.registry.asking import image_probe
from blackstart.faults.registry.storage import ImageName, kept, put_back, store_of, whole_or_gone
from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.registry_image import image

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica
    from blackstart.replica.programs.registry_store import RegistryStore

__all__ = ["RegistryManifestCorrupt", "rotten"]


class RegistryManifestCorrupt(Fault):
    """Flip one bit of a manifest in the registry's storage, as a failing disk does.

    On the embedded replica only: Distribution, the compose replica's registry, takes whatever it has under a digest for
    right, so that pushing the image again would mend nothing there.
    """

    name: ClassVar[str] = "registry.manifest-corrupt"
    summary: ClassVar[str] = (
        "one bit of an image's manifest is wrong: clients refuse it, for its digest differs"
    )
    kinds: ClassVar[tuple[str, ...]] = ("registry",)
    turns_red: ClassVar[str] = "{target}-{image}-image"
    seen: ClassVar[str] = (
        "deploys of the image fail while they pull: the manifest is not what its digest says; the registry answers 200"
    )
    fix: ClassVar[str] = "build the image again and push it: images verify, then images push IMAGE"
    undone: ClassVar[str] = "puts the manifest back from the copy beside it"
    holds: ClassVar[tuple[str, ...]] = ("{target}/images/{image}",)

    image: ImageName = Field(default="payments", description="whose image's manifest is damaged")

    def prepare(self, replica: Replica, target: str) -> Undo:
        store, digest = store_of(replica, target), image(self.image).digest
        if not store.whole(digest):
            raise ReplicaError(
                f"the manifest {digest} of {self.image} is missing or corrupt already",
                hint=f"images push {self.image} brings it back",
            )
        return {"folder": str(store.folder), "digest": digest}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Keep the manifest beside, then put the damaged one in its place; the same one however often."""
        store, digest = store_of(replica, target), str(undo["digest"])
        _keep(store, digest)
        replaced(store.blob(digest), rotten(kept(store, digest).read_bytes()))

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        put_back(undo)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return whole_or_gone(undo)

    def probe(self, replica: Replica, target: str) -> Probe:
        return image_probe(replica, target, self.image)


def _keep(store: RegistryStore, digest: str) -> None:
    """A copy of the manifest beside the images, unless what is there is the damaged one."""
    if store.whole(digest):
        kept(store, digest).parent.mkdir(exist_ok=True)
        replaced(kept(store, digest), store.blob(digest).read_bytes())


def rotten(manifest: bytes) -> bytes:
    """The manifest with the lowest bit flipped in the first digit of its last digest: still JSON."""
    at = manifest.rindex(b"sha256:") + len(b"sha256:")
    return manifest[:at] + bytes([manifest[at] ^ 1]) + manifest[at + 1 :]
