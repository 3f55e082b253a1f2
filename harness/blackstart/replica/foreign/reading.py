"""A user's compose file, read by compose itself and judged; nothing is started."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.errors import UsageError
from blackstart.replica.containers.cli import plugin_version
from blackstart.replica.containers.engine import COMPONENT
from blackstart.replica.containers.project import Project
from blackstart.replica.containers.pulling import have_images
from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.sidecar import Images
from blackstart.replica.stack import images

if TYPE_CHECKING:
    from blackstart.replica.base import Progress
    from blackstart.replica.containers.engine import Engine
    from blackstart.replica.foreign.judge import Judgement

__all__ = [
    "component_images",
    "demand_sound",
    "judged",
    "own_name",
    "prepared",
    "profiled",
    "pull_missing",
    "read",
    "sidecar_images",
]

OLDEST_COMPOSE = (2, 24)
"""The first that knows !override and !reset."""


def read(
    engine: Engine, file: Path, label: str, folder: Path, env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What compose makes of the file, with `env` beside the environment of now.

    UsageError when it is not there, or wrong, in compose's own words.
    """
    if not file.is_file():
        raise UsageError(f"there is no compose file {file}", hint="give the file itself to --compose")
    _demand_compose()
    return Project(engine, own_name(file), [file], dict(env or {}), label, folder).config()


def own_name(file: Path) -> str:
    """A project's name for looking at it only: that of its folder, as compose would choose it."""
    return re.sub("[^a-z0-9_-]", "", file.absolute().parent.name.lower()).lstrip("-_") or "platform"


def profiled(config: Mapping[str, Any], every: Mapping[str, Any]) -> Iterator[str]:
    """The components that are left out, in sentences. `every` is the file with all of its profiles."""
    for name, raw in (every.get("services") or {}).items():
        if COMPONENT in (raw.get("labels") or {}) and name not in (config.get("services") or {}):
            yield (
                f"{name} is a component that only a profile starts: with COMPOSE_PROFILES={raw['profiles'][0]} before "
                "blackstart it is drilled too"
            )


def _demand_compose() -> None:
    version = plugin_version()
    found = tuple(int(part) for part in version.split("-")[0].split(".")[:2] if part.isdecimal())
    if found < OLDEST_COMPOSE:
        raise UsageError(
            f"docker compose {version} is too old to drill a file of yours: 2.24 is needed",
            hint="upgrade the compose plugin: https://docs.docker.com/compose/install/linux",
        )


def pull_missing(engine: Engine, config: Mapping[str, Any], progress: Progress) -> None:
    """Pull what components need and is not here. MissingTool for what cannot be had, before anything else of it is missed."""
    have_images(engine, component_images(config), progress)


def prepared(
    engine: Engine, file: Path, label: str, folder: Path, progress: Progress
) -> tuple[dict[str, Any], Judgement, dict[str, tuple[str, ...]]]:
    """A file that can be drilled, with its components' images here: what compose makes of it, and `judged` of that.

    UsageError for one that is refused, before anything is pulled; MissingTool.
    """
    config = read(engine, file, label, folder)
    demand_sound(file, judge(config, lambda image: None))
    pull_missing(engine, config, progress)
    return config, *judged(engine, config)


def component_images(config: Mapping[str, Any]) -> list[str]:
    """What components are made of and the file does not build: an image says which ports it listens on."""
    services = (config.get("services") or {}).values()
    labelled = [raw for raw in services if COMPONENT in (raw.get("labels") or {}) and not raw.get("build")]
    return list(dict.fromkeys(str(raw["image"]) for raw in labelled if raw.get("image")))


def image_ports(engine: Engine, config: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The ports that the images of a file say they listen on; one that is not here is not among them."""
    images = {str(raw["image"]) for raw in (config.get("services") or {}).values() if raw.get("image")}
    known = {image: _attributes(engine, image) for image in sorted(images)}
    return {image: _exposed(about) for image, about in known.items() if about is not None}


def _exposed(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple((attributes.get("Config") or {}).get("ExposedPorts") or {})


def _attributes(engine: Engine, image: str) -> Mapping[str, Any] | None:
    """What docker knows of an image; None when it is not here."""
    from docker.errors import ImageNotFound

    with engine.saying(f"looking for the image {image}"):
        try:
            return engine.client.images.get(image).attrs
        except ImageNotFound:
            return None


def demand_sound(file: Path, judgement: Judgement) -> None:
    """UsageError with everything for which a file is refused."""
    if judgement.refusals:
        said = "\n".join(f"  {refusal}" for refusal in judgement.refusals)
        raise UsageError(
            f"{file} cannot be drilled:\n{said}",
            hint=f"blackstart doctor --compose {shlex.quote(str(file))} shows every service",
        )


def judged(engine: Engine, config: Mapping[str, Any]) -> tuple[Judgement, dict[str, tuple[str, ...]]]:
    """The judgement, and the ports of images that it was made with."""
    ports = image_ports(engine, config)
    return judge(config, ports.get), ports


def sidecar_images() -> Images:
    """The same that our own platform runs."""
    ours = images()
    return Images(ours["TOXIPROXY_IMAGE"], ours["PLATFORM_IMAGE"])
