"""What a drill of a user's compose file lacks beside the file: the driver of its sql checks, and on the platform map."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import InputError, MissingTool, ReplicaError
from blackstart.platform import Platform
from blackstart.replica.foreign.ahead import ahead_of
from blackstart.replica.sql import demand_driver
from blackstart.source import load

if TYPE_CHECKING:
    from blackstart.checks import Check
    from blackstart.replica.foreign.judge import Judgement

__all__ = ["lacking", "map_of"]

MAP = Path("scenarios") / "platform.yaml"


def lacking(file: Path, judgement: Judgement, absent: set[str], root: Path | None = None) -> Iterator[str]:
    """Sentences, with the next move. `absent` are the images of components that are not here."""
    where = map_of(file, root)
    platform, wrong = _read(where) if where else (None, [])
    yield from wrong
    yield from _driver([*_labelled(judgement), *(_of_map(platform) if platform else ())])
    if platform is None:
        return
    try:
        ahead_of(file, judgement, platform, absent)
    except ReplicaError as error:
        yield f"{error.message}; {error.hint} (the map is {where})"
    except MissingTool:
        return  # the driver: it was said


def map_of(file: Path, root: Path | None) -> Path | None:
    """The platform map of that root, or the nearest above the file; None when there is none."""
    folders = [root] if root else file.absolute().parents
    return next((folder / MAP for folder in folders if (folder / MAP).is_file()), None)


def _read(where: Path) -> tuple[Platform | None, list[str]]:
    try:
        return load(Platform, where).model, []
    except InputError as error:
        first = error.problems[0]
        return None, [f"{first}; blackstart check says all that is wrong with the map"]


def _driver(checks: list[Check]) -> Iterator[str]:
    if any(check.sql is not None for check in checks):
        try:
            demand_driver()
        except MissingTool as error:
            yield f"{error.message}: {error.hint}"


def _labelled(judgement: Judgement) -> Iterator[Check]:
    for service in judgement.drilled:
        yield from service.checks.values()


def _of_map(platform: Platform) -> Iterator[Check]:
    for node in platform.nodes().values():
        yield from node.checks.values()
