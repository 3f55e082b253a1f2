"""A tag points to another image: what is deployed is not what was released."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.registry.asking import tag_probe
from blackstart.faults.registry.storage import ImageName, store_in, store_of
from blackstart.replica.programs.files import replaced
from blackstart.replica.programs.registry_image import TAG, image
from blackstart.replica.programs.startpath import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from blackstart.replica.base import Probe, Replica

__all__ = ["RegistryTagMoved"]


class RegistryTagMoved(Fault):
    """Point the tag that deploys pull to another team's image, as a pipeline that pushed to the wrong place."""

    name: ClassVar[str] = "registry.tag-moved"
    summary: ClassVar[str] = "an image's tag points to another image: deploys succeed and bring the wrong one"
    kinds: ClassVar[tuple[str, ...]] = ("registry",)
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
        store = store_of(replica, target)
        digests = _read(store.tag(self.image, TAG))
        released = image(self.image).digest
        if digests.get(MANIFEST) != released:
            raise ReplicaError(
                f"{self.image}:{TAG} does not point to the released {released}: it was moved already",
                hint=f"images retag {self.image} moves it back",
            )
        return {"folder": str(store.folder), "image": self.image, "digests": digests}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        store = store_of(replica, target)
        moved = {**undo["digests"], MANIFEST: image(self.to).digest}
        _write(store.tag(self.image, TAG), moved)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Point the tag to what it pointed to. ReplicaError when its file cannot be written."""
        store = store_in(undo)
        if store is None or self.gone(replica, target, undo):
            return
        try:
            _write(store.tag(str(undo["image"]), TAG), undo["digests"])
        except OSError as error:
            raise ReplicaError(f"the tag {undo['image']}:{TAG} cannot be moved back: {error}") from error

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        store = store_in(undo)
        if store is None:
            return True
        digests = _read(store.tag(str(undo["image"]), TAG))
        return bool(digests.get(MANIFEST) == undo["digests"][MANIFEST])

    def probe(self, replica: Replica, target: str) -> Probe:
        return tag_probe(replica, target, self.image)


def _read(file: Path) -> dict[str, Any]:
    """Which digest a tag points to, for each media type; empty when there is no such tag."""
    try:
        return dict(json.loads(file.read_bytes()))
    except (FileNotFoundError, ValueError):
        return {}


def _write(file: Path, digests: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    replaced(file, json.dumps(digests).encode())
