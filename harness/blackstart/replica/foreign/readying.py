"""What a user's compose file is made of, had on this machine: images pulled, and built where the file says how."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from blackstart.errors import UsageError
from blackstart.replica.containers.cli import Compose
from blackstart.replica.containers.pulling import have_images
from blackstart.replica.foreign.override import built_images
from blackstart.replica.foreign.reading import own_name, sidecar_images

if TYPE_CHECKING:
    from blackstart.replica.base import Progress
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.foreign.judge import Judgement

__all__ = ["have_built", "ready"]

_LAST_LINES = 12


def ready(
    engine: Engine, file: Path, config: Mapping[str, Any], judgement: Judgement, progress: Progress
) -> None:
    """Pull every image that a drill of the file runs, sidecars' too, and build it anew. It takes the time that it takes.

    MissingTool for an image that cannot be had; UsageError, in compose's own words, for one that cannot be built.
    """
    have_images(engine, _pulled(config, judgement), progress)
    _build(engine, file, config, built_images(config), progress)


def have_built(engine: Engine, file: Path, config: Mapping[str, Any], progress: Progress) -> None:
    """Build what of it is not here. Before a drill `ready` has built all: nothing is left to do then."""
    missing = [name for name, image in built_images(config).items() if not engine.has(image)]
    _build(engine, file, config, missing, progress)


def _pulled(config: Mapping[str, Any], judgement: Judgement) -> list[str]:
    """What is not built: the file's own images, and those of sidecars where a component has one."""
    built = built_images(config)
    own = [str(raw["image"]) for name, raw in config["services"].items() if name not in built]
    beside = sidecar_images()
    proxied = any(service.proxied for service in judgement.drilled)
    return sorted({*own, *((beside.toxiproxy, beside.platform) if proxied else ())})


def _build(
    engine: Engine, file: Path, config: Mapping[str, Any], services: Collection[str], progress: Progress
) -> None:
    if not services:
        return
    progress(f"building {', '.join(services)}", 0, 0)
    named = {"services": {name: {"image": image} for name, image in built_images(config).items()}}
    with TemporaryDirectory(prefix="blackstart-") as folder:
        (names := Path(folder) / "images.json").write_text(json.dumps(named), "utf-8")
        done = Compose(own_name(file), [file, names], engine.env(), "").run(("build", *services))
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-_LAST_LINES:])
        raise UsageError(
            f"{file}: docker compose build fails:\n{said}", hint="docker compose build says more"
        )
