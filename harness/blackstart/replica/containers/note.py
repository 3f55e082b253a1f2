"""What a drill's folder says of its containers, so that any process finds them: `<folder>/docker.json`.

The sweep (`sweep.py`) and the watchdog read it too; they import nothing of this package.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from blackstart.replica.containers.endpoint import Endpoint
from blackstart.replica.containers.engine import Allowed, Engine
from blackstart.watchdog import CONTAINERS

__all__ = ["Note"]


@dataclass(frozen=True, slots=True)
class Note:
    """Whose containers, of which compose project, and the docker that has them."""

    label: str
    project: str
    context: str
    host: str

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONTAINERS).write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Note | None:
        """None when there is none: no container was ever made from that folder."""
        try:
            return cls(**json.loads((folder / CONTAINERS).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.context, self.host)

    def connect(self) -> Engine:
        """The docker that has them: what the drill's plan allowed once is allowed now. MissingTool; its owner closes it."""
        return Engine.connect(Allowed({self.context}), self.endpoint)
