"""The replica of a drill's folder, as another process left it: whoever heals, recovers or resumes starts from here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.watchdog import CONTAINERS

if TYPE_CHECKING:
    from blackstart.replica.compose import ComposeReplica
    from blackstart.replica.foreign import ForeignReplica
    from blackstart.replica.local import LocalReplica

__all__ = ["attach", "contained"]

FOREIGN = "foreign.json"
"""What a user's own compose file leaves in the folder (`foreign/written.py`)."""


def contained(folder: Path) -> bool:
    """Whether the servers of the replica in that folder are containers."""
    return (folder / CONTAINERS).exists()


def attach(folder: Path, label: str) -> LocalReplica | ComposeReplica | ForeignReplica:
    """The replica of that folder, whether its servers run or not. Each kind is imported when it is one: both are heavy.

    ReplicaError when there is none, when it is another label's, or when it was never quite up; MissingTool when its
    servers are containers and docker does not answer.
    """
    if (folder / FOREIGN).exists():
        from blackstart.replica.foreign import ForeignReplica

        return ForeignReplica.attach(folder, label)
    if contained(folder):
        from blackstart.replica.compose import ComposeReplica

        return ComposeReplica.attach(folder, label)
    from blackstart.replica.local import LocalReplica

    return LocalReplica.attach(folder, label)
