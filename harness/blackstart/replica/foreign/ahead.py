"""What a drill of a user's compose file would do to it, seen without starting anything.

Docker is asked what compose makes of the file, and which images and containers are here; nothing is pulled.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError
from blackstart.replica.containers.engine import Engine
from blackstart.replica.foreign.foreseeing import foresee
from blackstart.replica.foreign.ground import KnownGround, probes_of
from blackstart.replica.foreign.override import Places, wanted_ports
from blackstart.replica.foreign.reading import component_images, demand_sound, judged, read

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.replica.containers.engine import Allowed
    from blackstart.replica.foreign.judge import Judgement
    from blackstart.replica.foreseen import Foreseen

__all__ = ["Ahead", "ahead_of", "look_ahead", "paper"]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A file that can be drilled. `lasting` is what stays when a drill is over, `pulled` what it would pull first."""

    file: str
    components: Mapping[str, Foreseen]
    lasting: tuple[str, ...]
    pulled: tuple[str, ...]


def look_ahead(file: Path, platform: Platform, allowed: Allowed) -> Ahead:
    """Look at a file as a drill of it would. Errors: those that the drill would end with before it starts anything."""
    with closing(Engine.connect(allowed)) as engine, TemporaryDirectory(prefix="blackstart-") as folder:
        config = read(engine, file, "ahead", Path(folder))
        judgement, _ = judged(engine, config)
        demand_sound(file, judgement)
        engine.refuse_strangers(judgement.names)
        return ahead_of(
            file, judgement, platform, {each for each in component_images(config) if not engine.has(each)}
        )


def ahead_of(file: Path, judgement: Judgement, platform: Platform, absent: set[str]) -> Ahead:
    """What is ahead of a file that was judged. `absent` are the images of components that are not here.

    ReplicaError or MissingTool, as `ForeignReplica.up`, for what of the map cannot be asked.
    """
    try:
        places = paper(judgement)
        probes_of(platform, judgement, KnownGround(judgement, places))
    except ReplicaError:
        if not any(service.image in absent and not service.ports for service in judgement.drilled):
            raise  # else the ports are known, and looked at, once the image is here
    return Ahead(str(file), foresee(judgement, platform, absent), judgement.lasting, tuple(sorted(absent)))


def paper(judgement: Judgement) -> Places:
    """Places for looking at them only: port numbers from 1 on."""
    return Places.choose(judgement, list(range(1, 1 + wanted_ports(judgement))))
