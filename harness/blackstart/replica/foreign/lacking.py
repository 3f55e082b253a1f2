"""What a drill of a user's compose file lacks beside the file: the driver of its sql checks, and on the platform map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

NO_MAP = (
    f"a platform map: there is no {MAP} beside the file or above it, and a drill needs one that names the components; "
    "docs/bring-your-own-platform.md shows how it is written"
)


def lacking(
    file: Path, judgement: Judgement, absent: set[str], root: Path | None = None
) -> tuple[Platform | None, list[str]]:
    """The platform map, if it is sound and fits the file; and what is missing, in sentences with the next move.

    `absent` are the images of components that are not here.
    """
    where = map_of(file, root)
    if where is None:
        return None, [*_driver(_labelled(judgement)), NO_MAP]
    platform, wrong = _read(where)
    if platform is None:
        return None, [*wrong, *_driver(_labelled(judgement))]
    driver = list(_driver([*_labelled(judgement), *_of_map(platform)]))
    if amiss := _amiss(file, judgement, absent, platform, where):
        return None, [*driver, amiss]
    return platform, [*driver, *_kinds(judgement, platform)]


def _amiss(file: Path, judgement: Judgement, absent: set[str], platform: Platform, where: Path) -> str:
    """What of the map cannot be asked; the driver that is missing is said apart."""
    try:
        ahead_of(file, judgement, platform, absent)
    except ReplicaError as error:
        return f"{error.message}; {error.hint} (the map is {where})"
    except MissingTool:
        pass
    return ""


def _kinds(judgement: Judgement, platform: Platform) -> Iterator[str]:
    """`check` goes by the map."""
    for service in judgement.drilled:
        node = platform.components.get(service.component)
        told = (node.kind or service.component) if node else service.kind
        if service.kind not in (service.component, told):
            yield (
                f"{service.component} is of the kind {service.kind} by its label, and of the kind {told} by the map, "
                f"which faults go by; write kind: {service.kind} there, or take the label away"
            )


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


def _driver(checks: Iterable[Check]) -> Iterator[str]:
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
