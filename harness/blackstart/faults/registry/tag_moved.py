"""A tag points to another image: what is deployed is not what was released."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.registry.asking import tag_probe
from blackstart.faults.registry.shelf import shelf_in, shelf_of
from blackstart.faults.registry.storage import ImageName
from blackstart.replica.programs.registry_image import TAG, image

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["RegistryTagMoved"]


class RegistryTagMoved(Fault):
    """Point the tag that deploys pull to another team's image, as a pipeline that pushed to the wrong place."""

    name: ClassVar[str] = "registry.tag-moved"
    summary: ClassVar[str] = "an image's tag points to another image: deploys succeed and bring the wrong one"
    kinds: ClassVar[tuple[str, ...]] = ("registry",)
    ours_only: ClassVar[bool] = True
    replicas: ClassVar[tuple[str, ...]] = ("local", "compose")
    turns_red: ClassVar[str] = "{target}-{image}-tag"
    seen: ClassVar[str] = "deploys succeed with another digest than the released one; images list says NOT"
    fix: ClassVar[str] = "point the tag to the released digest: images list, then images retag IMAGE"
    undone: ClassVar[str] = "points the tag to what it pointed to"
    holds: ClassVar[tuple[str, ...]] = ("{target}/images/{image}",)

    image: ImageName = Field(default="payments", description="whose tag is moved")
    to: ImageName = Field(default="orders", description="the image that it points to then; another one")

    @model_validator(mode="after")
    def _another(self) -> RegistryTagMoved:
        if self.to == self.image:
            raise ValueError(f"the tag of {self.image} cannot be moved to the image that it points to")
        return self

    def prepare(self, replica: Replica, target: str) -> Undo:
        shelf = shelf_of(replica, target)
        released = image(self.image).digest
        if shelf.tagged(self.image) != released:
            raise ReplicaError(
                f"{self.image}:{TAG} does not point to the released {released}: it was moved already",
                hint=f"images retag {self.image} moves it back",
            )
        return {**shelf.place(), "image": self.image, "digest": released}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        shelf_of(replica, target).retag(self.image, self.to)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Point the tag to what it pointed to. ReplicaError when its file cannot be written."""
        shelf, name = shelf_in(replica, target, undo), str(undo["image"])
        if shelf is None or self.gone(replica, target, undo):
            return
        try:
            shelf.retag(name, name)
        except OSError as error:
            raise ReplicaError(f"the tag {undo['image']}:{TAG} cannot be moved back: {error}") from error

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        shelf = shelf_in(replica, target, undo)
        return shelf is None or shelf.tagged(str(undo["image"])) == undo["digest"]

    def probe(self, replica: Replica, target: str) -> Probe:
        return tag_probe(replica, target, self.image)
