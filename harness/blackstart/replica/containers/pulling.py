"""Images that are not here yet: pulled, or said to be missing. Nothing is built here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from blackstart.errors import MissingTool
from blackstart.replica.stack import images as pinned

if TYPE_CHECKING:
    from blackstart.replica.base import Progress
    from blackstart.replica.containers.engine import Engine

__all__ = ["BUILD", "have_images", "how_to_get"]

BUILD = "docker build --tag {} --file images/platform/Dockerfile harness"
"""What makes the image of our own programs, in the root of blackstart's repository, where an image registry is reached."""


def have_images(engine: Engine, images: Sequence[str], progress: Progress) -> None:
    """Pull what of them is missing. MissingTool, which names all of these, for what cannot be had."""
    missing = [image for image in images if not engine.has(image)]
    for number, image in enumerate(missing):
        progress(f"pulling {image}", number, len(missing))
        _pull(engine, image, missing)


def _pull(engine: Engine, image: str, missing: Sequence[str]) -> None:
    from docker.errors import APIError

    with engine.saying(f"pulling {image}"):
        try:
            engine.client.images.pull(image)
        except APIError as error:
            raise MissingTool(
                f"the image {image} is missing and cannot be pulled: {error.explanation}"
                + (f" (missing: {', '.join(missing)})" if missing[1:] else ""),
                hint=how_to_get(missing),
            ) from error


def how_to_get(missing: Collection[str]) -> str:
    """The next move of whoever lacks these images, and cannot pull one of them. Our own is in no registry."""
    ours = pinned()["PLATFORM_IMAGE"]
    if ours in missing:
        return (
            f"{ours} is in no registry; in blackstart's repository: {BUILD.format(ours)} "
            "(or images/bake, which builds every image where no registry is reachable)"
        )
    return (
        "without a registry, images/bake builds ours under the same tags; "
        "`docker compose build` those of a compose file that has a `build`"
    )
