"""What can be refused before there is a drill: then nothing of it is left to look at, and no number is used up."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import UsageError

if TYPE_CHECKING:
    from blackstart.drill.arming import Armed
    from blackstart.drill.drill import Options
    from blackstart.replica.containers.engine import Engine

__all__ = ["refuse", "see_room"]

ROOM_MB = 50
"""Room for one drill's folder: its record, and what its servers keep beside it (most on the embedded replica)."""


def refuse(options: Options, armed: list[Armed]) -> None:
    """UsageError, MissingTool or ReplicaError for what is amiss with the reports' disk, docker or the compose file."""
    see_room(options.reports)
    if options.replica != "local":
        _see_docker(options, armed)


def see_room(reports: Path) -> None:
    """UsageError when the disk of that folder, which need not be there yet, has no room for a drill."""
    there = next(parent for parent in (reports.absolute(), *reports.absolute().parents) if parent.exists())
    free = shutil.disk_usage(there).free // 1_000_000
    if free < ROOM_MB:
        raise UsageError(
            f"the disk of the reports folder is nearly full: {free} MB free in {there}, a drill needs {ROOM_MB}",
            hint="make room, or give another folder: --reports-dir",
        )


def _see_docker(options: Options, armed: list[Armed]) -> None:
    from blackstart.replica.containers.cli import plugin_version
    from blackstart.replica.containers.engine import Allowed, Engine

    allowed = options.allowed
    engine = Engine.connect(Allowed(frozenset(allowed.contexts), frozenset(allowed.strangers)))
    with closing(engine):
        plugin_version()
        engine.see_room()
        engine.refuse_strangers(_targets(engine, options, armed))


def _targets(engine: Engine, options: Options, armed: list[Armed]) -> set[str]:
    """What a stranger's container may not be called. UsageError for a compose file that cannot be drilled so."""
    if options.compose is None:
        from blackstart.replica.layout import COMPONENTS

        return set(COMPONENTS)
    from blackstart.drill.possible import demand_possible
    from blackstart.replica.foreign.ahead import ahead_of
    from blackstart.replica.foreign.reading import prepared

    _, judgement, _ = prepared(engine, options.compose, "refused", options.reports, options.progress)
    demand_possible(armed, ahead_of(options.compose, judgement, options.bundle.platform, set()))
    return judgement.names
