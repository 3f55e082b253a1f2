"""Which replica a drill gets: the embedded one, the one in containers, or the user's own compose file in containers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.replica.tools import PEOPLES, TOOLS

if TYPE_CHECKING:
    from blackstart.platform import Platform
    from blackstart.replica.base import Replica

__all__ = ["chosen", "tools_of"]


def chosen(
    name: str,
    folder: Path,
    label: str,
    participants: Sequence[str],
    *,
    platform: Platform,
    compose: Path | None = None,
    contexts: Collection[str] = (),
    strangers: Collection[str] = (),
    up_within_s: float | None = None,
) -> Replica:
    """A replica of that name in that folder, not yet up. `compose`: the compose file to drill in place of our own.

    `contexts` and `strangers` are what the plan allows by name, `up_within_s` is how long it gives that file
    (`plan.Docker`).
    """
    if name == "local":
        from blackstart.replica.local import LocalReplica

        return LocalReplica(folder, label, participants)
    from blackstart.replica.containers.engine import Allowed

    allowed = Allowed(frozenset(contexts), frozenset(strangers))
    if compose is None:
        from blackstart.replica.compose import ComposeReplica

        return ComposeReplica(folder, label, participants, allowed)
    from blackstart.replica.foreign import ForeignReplica

    return ForeignReplica(folder, label, participants, compose, platform, allowed, up_within_s)


def tools_of(name: str, compose: Path | None = None) -> Collection[str]:
    """The tool environments that it needs: servers in containers have their own, and a file of yours has no Vault of ours."""
    if name == "local":
        return tuple(TOOLS)
    return PEOPLES if compose is None else ()
