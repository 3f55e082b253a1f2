"""One root with its `scenarios/` and `drills/`: finds what files cite, reads each file once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blackstart.crew import Crew
from blackstart.errors import InputError, Problem
from blackstart.plan import Plan
from blackstart.platform import Platform
from blackstart.protocol import Protocol
from blackstart.scenario import Scenario
from blackstart.source import Flaw, Loaded, Model, Place, did_you_mean, parse_tree, read_text
from blackstart.yamltree import Node, parse

if TYPE_CHECKING:
    from blackstart.runbook import Runbook

__all__ = ["KINDS", "Read", "Workspace", "find_root", "shown"]

KINDS: dict[str, type[Model]] = {
    "crew": Crew,
    "plan": Plan,
    "platform": Platform,
    "protocol": Protocol,
    "scenario": Scenario,
}

FOLDERS = {
    "crew": ("scenarios/crews", ".yaml"),
    "protocol": ("scenarios/protocols", ".yaml"),
    "runbook": ("scenarios/runbooks", ".md"),
    "scenario": ("scenarios", ".yaml"),
}
"""Where a name that a file cites is looked up, below the root."""


def find_root(near: Path | None = None, root: Path | None = None) -> Path:
    """The folder that references resolve from: the one given, else the nearest parent of `near`, else of the
    working directory, that has `scenarios/`. InputError when there is none.
    """
    if root is not None:
        if not os.path.isdir(root / "scenarios"):
            hint = "name the folder above scenarios/"
            raise InputError([Problem(str(root), 0, 0, "no scenarios/ in this folder", "", hint)])
        return root
    for start in ([near.absolute()] if near else []) + [Path.cwd()]:
        for folder in (start, *start.parents):
            if os.path.isdir(folder / "scenarios"):
                return folder
    where = shown(near or Path.cwd())
    raise InputError([Problem(where, 0, 0, "no folder above it has scenarios/", "", "name one with --root")])


def shown(path: Path) -> str:
    """A path as a person would write it from here."""
    absolute = os.path.abspath(path)
    below = os.path.relpath(absolute)
    return absolute if below.startswith("..") else Path(below).as_posix()


@dataclass(frozen=True, slots=True)
class Read:
    """A file as far as it could be read, and what is wrong inside it. `kind` is empty when it is not known."""

    path: Path
    kind: str
    text: str = ""
    loaded: Loaded[Any] | None = None
    runbook: Runbook | None = None
    problems: list[Problem] = field(default_factory=list)


class Workspace:
    """Files below one root. What was read once is not read again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._read: dict[str, Read] = {}

    def files(self) -> list[Read]:
        """Everything read so far."""
        return list(self._read.values())

    def read(self, path: Path) -> Read:
        """The file at a path. Never raises; what is wrong is in `problems`."""
        key = os.path.abspath(path)
        if key not in self._read:
            self._read[key] = self._fresh(path)
        return self._read[key]

    def _fresh(self, path: Path) -> Read:
        name = shown(path)
        try:
            text = read_text(path, name)
        except InputError as error:
            return Read(path, "", problems=error.problems)
        if path.suffix == ".md":
            from blackstart.runbook import examine

            runbook, problems = examine(text, name)
            return Read(path, "runbook", text, None, runbook, problems)
        if path.suffix in (".yaml", ".yml"):
            return _yaml(path, text, name)
        hint = "a runbook ends in .md, everything else in .yaml"
        return Read(path, "", text, problems=[Problem(name, 0, 0, "neither YAML nor Markdown", "", hint)])

    def find(self, kind: str, name: str) -> Path:
        """Where a cited name stands, whether or not the file is there. ValueError for a name that leads elsewhere."""
        folder, suffix = FOLDERS[kind]
        parts = Path(name).parts
        if not parts or Path(name).is_absolute() or ".." in parts or "\0" in name:
            raise ValueError("a name below the root is needed")
        if parts[0] == "scenarios" and kind == "scenario":
            name = str(Path(*parts[1:]))
        path = self.root / folder / name
        return path if path.suffix == suffix else path.with_name(path.name + suffix)

    def names(self, kind: str) -> list[str]:
        """What could have been cited."""
        folder, suffix = FOLDERS[kind]
        base = self.root / folder
        if kind != "scenario":
            return sorted(path.stem for path in base.glob(f"*{suffix}"))
        others = ("crews", "protocols", "runbooks")
        found = (path.relative_to(base).with_suffix("") for path in base.glob(f"*/*{suffix}"))
        return sorted(path.as_posix() for path in found if path.parts[0] not in others)

    def cited(self, kind: str, name: str, place: Place) -> Iterator[Flaw]:
        """A flaw when nothing of that kind has that name."""
        try:
            path = self.find(kind, name)
        except ValueError as error:
            yield Flaw(place, str(error), f'saw "{name}"', did_you_mean(name, self.names(kind)))
            return
        if not os.path.lexists(path):
            hint = did_you_mean(name, self.names(kind))
            yield Flaw(place, f'no {kind} is called "{name}"', f"looked for {shown(path)}", hint)

    def get(self, kind: str, name: str) -> Read | None:
        """The file that is cited by that name; None when there is none."""
        try:
            path = self.find(kind, name)
        except ValueError:
            return None
        return self.read(path) if os.path.lexists(path) else None

    def platform(self) -> Read:
        """The one map."""
        return self.read(self.root / "scenarios" / "platform.yaml")


def _yaml(path: Path, text: str, name: str) -> Read:
    tree, problems = parse(text, name)
    if tree is None:
        return Read(path, "", text, problems=problems)
    kind = tree.value.get("kind") if isinstance(tree.value, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        return Read(path, "", text, problems=[*problems, _unknown_kind(tree, kind, name)])
    loaded, problems = parse_tree(KINDS[kind], tree, problems, text, name)
    return Read(path, kind, text, loaded, problems=problems)


def _unknown_kind(tree: Node, kind: Any, name: str) -> Problem:
    kinds = ", ".join(KINDS)
    node = tree.find(("kind",))
    if not isinstance(tree.value, dict):
        return Problem(
            name, tree.line, tree.column, "the file is no mapping", "", f"begin with kind: ({kinds})"
        )
    if "kind" not in tree.value:
        return Problem(
            name, node.line, node.column, "the file has no kind", "", f"begin with kind: ({kinds})"
        )
    hint = did_you_mean(kind, KINDS) if isinstance(kind, str) else f"one of {kinds}"
    return Problem(name, node.line, node.column, "unknown kind", f'saw "{kind}"', hint)
