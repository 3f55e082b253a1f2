"""What is on disk of a local replica, so that any process can go on with it: `<folder>/site.json`, for its owner alone.

`programs/service.py` reads it too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.errors import ReplicaError
from blackstart.replica.cached import write_private
from blackstart.replica.programs.service import SITE, launches_in
from blackstart.replica.site import Site

if TYPE_CHECKING:
    from blackstart.replica.servers import Launch

__all__ = ["Written"]


@dataclass(frozen=True, slots=True)
class Written:
    """Whose replica it is, where everything is, how each server is started again, and each participant's token."""

    label: str
    participants: tuple[str, ...]
    tokens: Mapping[str, str]
    site: Site
    launches: Mapping[str, Launch]

    def write(self, folder: Path) -> None:
        """Readers see the old or the new. OSError when the disk is full."""
        beside = folder / f"{SITE}.new"
        write_private(beside, json.dumps(self._data()))
        os.replace(beside, folder / SITE)

    def _data(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "participants": self.participants,
            "tokens": dict(self.tokens),
            "site": self.site.to_data(),
            "launches": {
                name: {"argv": list(each.argv), "env": dict(each.env), "cwd": str(each.cwd)}
                for name, each in self.launches.items()
            },
        }

    @classmethod
    def read(cls, folder: Path, label: str) -> Written:
        """ReplicaError when there is none, or it is another drill's."""
        try:
            data = json.loads((folder / SITE).read_bytes())
            found = cls(
                str(data["label"]),
                tuple(data["participants"]),
                dict(data["tokens"]),
                Site.from_data(data["site"]),
                launches_in(data),
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ReplicaError(
                f"{folder / SITE} cannot be read: {str(error) or type(error).__name__}",
                hint="it is written when the replica comes up, and removed when it goes down",
            ) from error
        if found.label != label:
            raise ReplicaError(f"{folder / SITE} is of the replica {found.label!r}, not of {label!r}")
        return found
