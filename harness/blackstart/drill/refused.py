"""What can be refused, or had, before there is a drill: then nothing of it is left to look at, and no number is used up."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.drill.arming import arm
from blackstart.errors import UsageError

if TYPE_CHECKING:
    from blackstart.drill.drill import Options
    from blackstart.replica.base import Progress
    from blackstart.replica.containers.engine import Engine

__all__ = ["refuse", "see_room"]

ROOM_MB = 50
"""Room for one drill's folder: its record, and what its servers keep beside it (most on the embedded replica)."""


def refuse(options: Options) -> None:
    """UsageError, MissingTool or ReplicaError for what is amiss with the reports' disk, docker or the compose file.

    Every image is here afterwards, pulled or built: a slow line is waited for now, when no watchdog waits for a sign of
    life, and Ctrl-C just ends the program.
    """
    see_room(options.reports)
    if options.replica != "local":
        _see_docker(options)


def see_room(reports: Path) -> None:
    """UsageError when the disk of that folder, which need not be there yet, has no room for a drill."""
    there = next(parent for parent in (reports.absolute(), *reports.absolute().parents) if parent.exists())
    free = shutil.disk_usage(there).free // 1_000_000
    if free < ROOM_MB:
        raise UsageError(
            f"the disk of the reports folder is nearly full: {free} MB free in {there}, a drill needs {ROOM_MB}",
            hint="make room, or give another folder: --reports-dir",
        )


def _see_docker(options: Options) -> None:
    from blackstart.replica.containers.cli import plugin_version
    from blackstart.replica.containers.engine import Allowed, Engine

    allowed = options.allowed
    engine = Engine.connect(Allowed(frozenset(allowed.contexts), frozenset(allowed.strangers)))
    with closing(engine):
        plugin_version()
        engine.see_room()
        if options.compose is None:
            _ready_ours(engine, options.progress)
        else:
            _ready_theirs(engine, options, options.compose)


def _ready_ours(engine: Engine, progress: Progress) -> None:
    from blackstart.replica.containers.ours import our_images
    from blackstart.replica.containers.pulling import have_images
    from blackstart.replica.layout import COMPONENTS

    engine.refuse_strangers(COMPONENTS)
    have_images(engine, our_images(engine), progress)


def _ready_theirs(engine: Engine, options: Options, file: Path) -> None:
    """UsageError for a compose file that cannot be drilled so, before more of it is pulled than tells its ports."""
    from blackstart.drill.possible import demand_possible
    from blackstart.replica.foreign.ahead import ahead_of
    from blackstart.replica.foreign.reading import prepared
    from blackstart.replica.foreign.readying import ready

    bundle = options.bundle
    armed = arm(bundle.scenario.faults, bundle.platform, options.seed, options.replica)
    config, judgement, _ = prepared(engine, file, "refused", options.reports, options.progress)
    demand_possible(armed, ahead_of(file, judgement, bundle.platform, set()))
    engine.refuse_strangers(judgement.names)
    ready(engine, file, config, judgement, options.progress)
