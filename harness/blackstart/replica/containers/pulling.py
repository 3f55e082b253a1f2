"""Images that are not here yet: pulled, or said to be missing. Nothing is built here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from blackstart.errors import MissingTool

if TYPE_CHECKING:
    from blackstart.replica.base import Progress
    from blackstart.replica.containers.engine import Engine

__all__ = ["have_images"]


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
                hint="without a registry, images/bake builds ours under the same tags; "
                "`docker compose build` those of a compose file that has a `build`",
            ) from error
