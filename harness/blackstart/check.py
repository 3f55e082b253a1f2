"""All that can be known of files before a drill: every problem of every file at once.

`check` looks; the `load_*` functions give what a drill needs, or raise InputError with every problem.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from blackstart.crew import Crew
from blackstart.crosscheck import flaws
from blackstart.errors import InputError, Problem, UsageError
from blackstart.faultcheck import FaultTypes, installed_faults
from blackstart.plan import Plan
from blackstart.platform import Platform
from blackstart.protocol import Protocol
from blackstart.scenario import Scenario
from blackstart.source import Loaded, Model, did_you_mean
from blackstart.workspace import Read, Workspace, find_root, shown

if TYPE_CHECKING:
    from blackstart.runbook import Runbook

__all__ = [
    "Checked",
    "InputFile",
    "ScenarioBundle",
    "check",
    "find_root",
    "kind_of",
    "load_compose",
    "load_crew",
    "load_plan",
    "load_scenario",
    "scenario_path",
]

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Checked:
    """How many files were looked at, cited ones included, and everything wrong with them, in order."""

    files: int
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that a drill is run from, whole, as `drill.opened` has it. `path` counts from the root if below it."""

    kind: str
    path: str
    sha256: str
    text: str

    def to_data(self) -> dict[str, str]:
        """Plain, for the record."""
        return {"kind": self.kind, "path": self.path, "sha256": self.sha256, "text": self.text}


@dataclass(frozen=True, slots=True)
class ScenarioBundle:
    """A scenario with all it cites. `files` has scenario, protocol, runbook and platform, in this order."""

    root: Path
    scenario: Scenario
    protocol: Protocol
    runbook: Runbook
    platform: Platform
    files: tuple[InputFile, ...]


# --- checking -----------------------------------------------------------------------------------


def check(
    paths: Iterable[Path] | None = None, root: Path | None = None, faults: FaultTypes | None = None
) -> Checked:
    """Every problem of these files and of those that they cite; without paths, of `scenarios/` and `drills/`.

    A folder is walked. `faults` are the fault types a scenario may name, by default the installed ones.
    InputError when there is no root.
    """
    given = list(paths) if paths is not None else [find_root(root=root)]
    near = given[0] if given else None
    workspace = Workspace(find_root(near if near and os.path.lexists(near) else None, root))
    types = installed_faults() if faults is None else faults
    problems: list[Problem] = []
    for path in _files(given, problems):
        read = workspace.read(path)
        if read.loaded is not None:
            problems += read.loaded.problems(flaws(read, workspace, types))
    for read in workspace.files():
        problems += read.problems
    return Checked(len(workspace.files()), sorted(set(problems)))


def _files(paths: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    """The files to look at; what is wrong with the paths themselves goes to `problems`."""
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        found = list(_walk(path, problems))
        if not found:
            hint = "files end in .yaml; runbooks end in .md and stand in runbooks/"
            problems.append(Problem(shown(path), 0, 0, "nothing to check in this folder", "", hint))
        yield from found


def _walk(folder: Path, problems: list[Problem]) -> Iterator[Path]:
    """A folder's own files, or those of `scenarios/` and `drills/` when it is a root."""

    def refused(error: OSError) -> None:
        problems.append(Problem(shown(Path(error.filename)), 0, 0, f"cannot be read: {error.strerror}"))

    starts = (
        [folder / name for name in ("scenarios", "drills")]
        if os.path.isdir(folder / "scenarios")
        else [folder]
    )
    for start in starts:
        for base, folders, names in os.walk(start, onerror=refused):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(base, name)
                if not name.startswith(".") and (_is_ours(path) or not os.path.exists(path)):
                    yield path


def _is_ours(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") or (
        path.suffix == ".md" and path.parent.name == "runbooks" and path.name != "README.md"
    )


# --- loading ------------------------------------------------------------------------------------


def kind_of(path: Path, root: Path | None = None) -> str:
    """What a file says it is: "scenario", "plan" ... InputError when it cannot be read or says nothing known."""
    read = Workspace(root or path.parent).read(path)
    if not read.kind:
        raise InputError(read.problems)
    return read.kind


def load_scenario(path: Path, root: Path | None = None, faults: FaultTypes | None = None) -> ScenarioBundle:
    """A scenario with its protocol, runbook and map. InputError has every problem of all four.

    `faults` are the fault types that it may name, by default the installed ones.
    """
    workspace = Workspace(find_root(path, root))
    read = workspace.read(path)
    loaded = _typed(read, Scenario)
    problems = loaded.problems(flaws(read, workspace, installed_faults() if faults is None else faults))
    for other in workspace.files():
        problems += other.problems
    if problems:
        raise InputError(problems)
    protocol = _cited(workspace, "protocol", loaded.model.protocol)
    runbook = _cited(workspace, "runbook", loaded.model.runbook)
    platform = workspace.platform()
    assert runbook.runbook is not None  # it has no problems
    return ScenarioBundle(
        workspace.root,
        loaded.model,
        _typed(protocol, Protocol).model,
        runbook.runbook,
        _typed(platform, Platform).model,
        tuple(_input(one, workspace.root) for one in (read, protocol, runbook, platform)),
    )


def load_crew(name_or_path: str, root: Path | None = None) -> tuple[Loaded[Crew], InputFile]:
    """A crew by its name in `scenarios/crews/`, or by the path of its file, and that file for the record."""
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml") and os.path.lexists(path):
        workspace = Workspace(root or path.parent)
        read = workspace.read(path)
    else:
        workspace = Workspace(find_root(root=root))
        found = workspace.get("crew", name_or_path)
        if found is None:
            raise InputError([_no_crew(name_or_path, workspace)])
        read = found
    loaded = _typed(read, Crew)
    if read.problems:
        raise InputError(read.problems)
    return loaded, _input(read, workspace.root)


def _no_crew(name: str, workspace: Workspace) -> Problem:
    folder = shown(workspace.root / "scenarios" / "crews")
    return Problem(
        folder, 0, 0, f'no crew is called "{name}"', "", did_you_mean(name, workspace.names("crew"))
    )


def load_plan(path: Path, root: Path | None = None) -> tuple[Loaded[Plan], InputFile]:
    """A plan whose scenarios and crews are there, and its file for the record. InputError has all its problems."""
    workspace = Workspace(find_root(path, root))
    read = workspace.read(path)
    loaded = _typed(read, Plan)
    problems = read.problems + loaded.problems(flaws(read, workspace, {}))
    if problems:
        raise InputError(problems)
    return loaded, _input(read, workspace.root)


def scenario_path(name: str, root: Path) -> Path:
    """The file of a scenario that a plan names. ValueError for a name that leads out of the root."""
    return Workspace(root).find("scenario", name)


def _typed(read: Read, model: type[M]) -> Loaded[M]:
    """What was read, as that model. InputError when it is something else, or could not be read."""
    if read.loaded is not None and isinstance(read.loaded.model, model):
        return read.loaded
    if read.problems:
        raise InputError(read.problems)
    wanted = model.__name__.lower()
    raise InputError([Problem(shown(read.path), 1, 1, f"a {wanted} is needed here", f"saw a {read.kind}")])


def _cited(workspace: Workspace, kind: str, name: str) -> Read:
    read = workspace.get(kind, name)
    assert read is not None  # its absence is a problem, told before
    return read


def load_compose(path: Path, root: Path) -> InputFile:
    """A user's own compose file, for the record. UsageError when it cannot be read; whether it is valid, compose says."""
    try:
        return _file("compose", path, path.read_text("utf-8"), root)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise UsageError(
            f"the compose file {shown(path)} cannot be read: {why}",
            hint="give the path of a docker-compose.yml: --compose FILE, or compose: in the plan",
        ) from error


def _input(read: Read, root: Path) -> InputFile:
    return _file(read.kind, read.path, read.text, root)


def _file(kind: str, where: Path, text: str, root: Path) -> InputFile:
    import hashlib

    path, base = os.path.abspath(where), os.path.abspath(root)
    below = Path(os.path.relpath(path, base)).as_posix()
    name = shown(where) if below.startswith("..") else below
    return InputFile(kind, name, hashlib.sha256(text.encode()).hexdigest(), text)
