"""What is on disk of a drill of a user's compose file, so that any process can go on with it: `<folder>/foreign.json`.

The environment of their services is in it, passwords and all: it is for its owner alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blackstart.errors import ReplicaError
from blackstart.platform import Platform
from blackstart.replica.attached import FOREIGN
from blackstart.replica.cached import write_private
from blackstart.replica.containers.project import UP_LIMIT_S
from blackstart.replica.foreign.judge import Judgement, judge
from blackstart.replica.foreign.override import Places

__all__ = ["STATE", "Written"]

STATE = FOREIGN


@dataclass(frozen=True, slots=True)
class Written:
    """Whose replica it is, of which file, what compose made of that, where everything is, and how long it may take."""

    label: str
    participants: tuple[str, ...]
    compose_file: Path
    config: Mapping[str, Any]
    image_ports: Mapping[str, tuple[str, ...]]
    places: Places
    platform: Platform
    up_within_s: float = UP_LIMIT_S

    @property
    def judgement(self) -> Judgement:
        return judge(self.config, self.image_ports.get)

    def write(self, folder: Path) -> None:
        """Readers see the old or the new. OSError when the disk is full."""
        beside = folder / f"{STATE}.new"
        write_private(beside, json.dumps(self._data()))
        os.replace(beside, folder / STATE)

    def _data(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "participants": self.participants,
            "compose_file": str(self.compose_file),
            "config": self.config,
            "image_ports": {image: list(ports) for image, ports in self.image_ports.items()},
            "places": self.places.to_data(),
            "platform": self.platform.model_dump(mode="json"),
            "up_within_s": self.up_within_s,
        }

    @classmethod
    def read(cls, folder: Path, label: str) -> Written:
        """ReplicaError when there is none, or it is another drill's."""
        try:
            data = json.loads((folder / STATE).read_bytes())
            found = cls(
                str(data["label"]),
                tuple(data["participants"]),
                Path(data["compose_file"]),
                data["config"],
                {image: tuple(ports) for image, ports in data["image_ports"].items()},
                Places.from_data(data["places"]),
                Platform.model_validate(data["platform"]),
                float(data["up_within_s"]),
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ReplicaError(
                f"{folder / STATE} cannot be read: {str(error) or type(error).__name__}",
                hint="it is written when the replica comes up, and removed when it goes down",
            ) from error
        if found.label != label:
            raise ReplicaError(f"{folder / STATE} is of the replica {found.label!r}, not of {label!r}")
        return found
