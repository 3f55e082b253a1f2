"""What the compose file that ships with blackstart runs, asked without starting anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.replica.containers.project import Project
from blackstart.replica.stack import FILE, home

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

__all__ = ["our_images"]


def our_images(engine: Engine) -> list[str]:
    """The images of all of its services, each once. ReplicaError where there is no such file."""
    ours = Project(engine, "ours", [home() / FILE], {}, "ours", home())
    return ours.images_wanted(ours.config())
