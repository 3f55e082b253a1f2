"""An image's blob is lost: its manifest is there, and what the manifest names is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.registry.asking import image_probe
from blackstart.faults.registry.shelf import shelf_in, shelf_of
from blackstart.faults.registry.storage import ImageName
from blackstart.replica.programs.registry_image import image

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["RegistryBlobMissing"]

Part = Literal["own", "base", "config"]


class RegistryBlobMissing(Fault):
    """Take one blob of an image out of the registry's storage, as a garbage collection gone wrong does."""

    name: ClassVar[str] = "registry.blob-missing"
    summary: ClassVar[str] = (
        "a layer of an image is gone from the registry's storage; its manifest still names it"
    )
    kinds: ClassVar[tuple[str, ...]] = ("registry",)
    ours_only: ClassVar[bool] = True
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    turns_red: ClassVar[str] = "{target}-{image}-image"
    seen: ClassVar[str] = "deploys of the image fail while they pull: 404 for one layer; its manifest is fine"
    fix: ClassVar[str] = "build the image again and push it: images verify, then images push IMAGE"
    undone: ClassVar[str] = "puts the layer back"

    image: ImageName = Field(default="payments", description="whose image loses a blob")
    part: Part = Field(
        default="own",
        description="which blob: the team's own layer, the base layer that all images share, or the configuration",
    )

    def resources(self, target: str) -> frozenset[str]:
        """The image; all of them for the base layer, which they share."""
        return frozenset([f"{target}/images" if self.part == "base" else f"{target}/images/{self.image}"])

    def prepare(self, replica: Replica, target: str) -> Undo:
        shelf, digest = shelf_of(replica, target), self._digest()
        if not shelf.whole(digest):
            raise ReplicaError(
                f"the blob {digest} of {self.image} is missing or corrupt already: it cannot be taken away",
                hint=f"images push {self.image} brings it back",
            )
        return {**shelf.place(), "digest": digest}

    def _digest(self) -> str:
        config, base, own = image(self.image).blobs
        return {"config": config, "base": base, "own": own}[self.part]

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        shelf_of(replica, target).lose(str(undo["digest"]))

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        if shelf := shelf_in(replica, target, undo):
            shelf.put_back(str(undo["digest"]))

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        shelf = shelf_in(replica, target, undo)
        return shelf is None or shelf.whole(str(undo["digest"]))

    def probe(self, replica: Replica, target: str) -> Probe:
        return image_probe(replica, target, self.image)
