"""Files that people write: read once, checked whole, kept with the place of each key and value.

Every YAML file goes through here into a typed model, and all problems come at once. A model may have
`flaws`: rules over the whole file that types cannot say. Rules over several files are in `check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError, WithJsonSchema

from blackstart.errors import InputError, Problem
from blackstart.yamltree import MAX_PROBLEMS, Node, clip, parse

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = [
    "DURATION_SCHEMA",
    "MAX_BYTES",
    "Duration",
    "Flaw",
    "Loaded",
    "Model",
    "Place",
    "cycles",
    "did_you_mean",
    "duplicates",
    "format_duration",
    "load",
    "parse_duration",
    "parse_loaded",
    "parse_text",
    "parse_tree",
    "placeholder_flaws",
    "read_text",
    "recorded_text",
]

MAX_BYTES = 1_000_000
"""The largest file that is read. The largest shipped has some thousand bytes; a larger one is a mistake."""

MAX_DURATION = 366 * 86400.0
"""A year: no drill waits longer, and a slip of a zero shows."""

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = "".join(rf"(?:[0-9]{{1,9}}(?:\.[0-9]{{1,9}})?{unit})?" for unit in _UNITS)
DURATION_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string", "pattern": f"^(?=.){_DURATION}$"}, {"const": 0}]
}

Place = tuple[str | int, ...]
"""Where in a file: the keys and indexes on the way, such as ("faults", 0, "within")."""


class Flaw:
    """Something wrong at a place of a model, before it is known where that was written."""

    __slots__ = ("hint", "place", "seen", "what")

    def __init__(self, place: Place, what: str, seen: str = "", hint: str = "") -> None:
        self.place = place
        self.what = what
        self.seen = seen
        self.hint = hint


class Model(BaseModel):
    """The base of everything a person writes in YAML: frozen, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def flaws(self) -> Iterator[Flaw]:
        """What is wrong though every type is right; places count from this model."""
        return iter(())


def parse_duration(value: Any) -> float:
    """Seconds from `90s`, `15m`, `1h30m`, `2d`. A bare number has no unit and is refused, save 0."""
    if value == 0 and not isinstance(value, bool):
        return 0.0
    if not isinstance(value, str) or not value or not re.fullmatch(_DURATION, value):
        raise ValueError("a duration needs a number and a unit, such as 90s, 15m or 1h30m")
    seconds = sum(float(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"[0-9.]+[smhd]", value))
    if seconds > MAX_DURATION:
        raise ValueError("a duration is at most 366 days")
    return seconds


def format_duration(seconds: float) -> str:
    """The shortest writing that `parse_duration` reads back: 5400 gives `1h30m`."""
    parts, rest = [], round(seconds, 6)
    for unit, size in _UNITS.items():
        count = rest if unit == "s" else rest // size
        rest = round(rest - count * size, 6)
        if count:
            parts.append(f"{count:.6f}".rstrip("0").rstrip(".") + unit)
    return "".join(parts) or "0s"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema(DURATION_SCHEMA),
]
"""Seconds in the program, `15m` in the file and in JSON."""

M = TypeVar("M", bound=Model)


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A hint with the nearest of the words; all of them when none is near and they are few."""
    from difflib import get_close_matches

    known = sorted(set(words))
    if len(known) > 500:  # comparing takes time, and so many names are no vocabulary
        return ""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"one of {', '.join(known)}" if 0 < len(known) <= 20 else ""


def duplicates(place: str, names: Iterable[str], key: str = "id") -> Iterator[Flaw]:
    """A flaw for each name of a list that stands there twice."""
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in seen:
            first = f"{place}[{seen[name]}] has it already"
            yield Flaw((place, index, key), f'duplicate {key} "{name}"', first, "give each its own")
        seen.setdefault(name, index)


def cycles(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Circles of a graph, at least one when there is any: the names on the way, the first again at the end."""
    from graphlib import CycleError, TopologicalSorter

    graph = {name: set(after) for name, after in edges.items()}
    found: list[list[str]] = []
    while len(found) < MAX_PROBLEMS:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1][::-1]
            found.append(circle)
            graph[circle[0]].discard(circle[1])  # broken here, the next one shows
        else:
            break
    return found


def placeholder_flaws(place: Place, text: str, known: Iterable[str]) -> Iterator[Flaw]:
    """A flaw for each `{name}` of a text that nobody fills."""
    known = set(known)
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        yield Flaw(place, f"not a form: {error}", "", "write {{ and }} for plain braces")
        return
    for name in names:
        if name not in known:
            yield Flaw(place, f"nobody fills {{{name}}}", "", did_you_mean(name, known))


# --- files --------------------------------------------------------------------------------------


def read_text(path: Path, shown: str = "") -> str:
    """The text of a file that a person wrote. InputError says why it cannot be read; `shown` is its name there."""
    shown = shown or str(path)

    def refuse(what: str, seen: str = "", hint: str = "", line: int = 0, column: int = 0) -> InputError:
        return InputError([Problem(shown, line, column, what, seen, hint)])

    try:
        if path.is_symlink() and not path.exists():
            raise refuse("a dangling link", f"it points to {path.readlink()}", "mend or remove it")
        if not path.exists():
            raise refuse("no such file", "", did_you_mean(path.name, _siblings(path)))
        if path.is_dir():
            raise refuse("a folder where a file is needed", "", "name a file in it")
        if not path.is_file():
            raise refuse("not a regular file", "saw a pipe, a socket or a device")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise refuse(f"cannot be read: {reason}") from error
    if len(data) > MAX_BYTES:
        size = f"it has {path.stat().st_size:,} bytes"
        raise refuse(f"larger than {MAX_BYTES:,} bytes", size, "is it the right file?")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        seen = f"saw the byte 0x{data[error.start]:02X}"
        raise refuse("not UTF-8", seen, "save it as UTF-8", line, column) from error


def _siblings(path: Path) -> list[str]:
    return [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []


@dataclass(frozen=True, slots=True)
class Loaded(Generic[M]):
    """A model and what it was read from. `unsure` are places whose value was wrong, and stands in for no truth."""

    model: M
    path: str
    text: str
    tree: Node
    unsure: frozenset[Place] = frozenset()

    @property
    def sha256(self) -> str:
        """Of the text, as the drill's record has it."""
        import hashlib

        return hashlib.sha256(self.text.encode()).hexdigest()

    def problem(self, flaw: Flaw) -> Problem:
        """The flaw, with the line and column where its value was written."""
        node = self.tree.find(flaw.place)
        return Problem(self.path, node.line, node.column, clip(flaw.what), clip(flaw.seen), flaw.hint)

    def problems(self, flaws: Iterable[Flaw]) -> list[Problem]:
        """The flaws as problems, without those that may only follow from a value that is itself wrong."""
        sure = (flaw for flaw in flaws if not self._doubtful(flaw.place))
        return [self.problem(flaw) for flaw in islice(sure, MAX_PROBLEMS)]

    def _doubtful(self, place: Place) -> bool:
        return any(place[: len(bad)] == bad or place == bad[:-1] for bad in self.unsure)


def load(model: type[M], path: Path, shown: str = "") -> Loaded[M]:
    """The file as a model. InputError has every problem of the file; `shown` is its name in messages."""
    shown = shown or str(path)
    return _or_raise(parse_loaded(model, read_text(path, shown), shown))


def parse_text(model: type[M], text: str, path: str) -> M:
    """The text of a file as a model, as when it was read from `path`. InputError has every problem."""
    return _or_raise(parse_loaded(model, text, path)).model


def recorded_text(model: type[M], text: str, path: str) -> M:
    """As `parse_text`, for a text that a record holds: it was accepted once, so rules made since do not count."""
    tree, _ = parse(text, path)
    try:
        if tree is not None:
            return _validated(model, tree.value)
    except ValidationError:
        pass
    return parse_text(model, text, path)  # raises, in words


def _or_raise(result: tuple[Loaded[M] | None, list[Problem]]) -> Loaded[M]:
    loaded, problems = result
    if problems or loaded is None:
        raise InputError(problems)
    return loaded


def parse_loaded(model: type[M], text: str, path: str) -> tuple[Loaded[M] | None, list[Problem]]:
    """As far as it goes: what could be read of the file, and everything wrong with it."""
    tree, problems = parse(text, path)
    if tree is None:
        return None, problems
    return parse_tree(model, tree, problems, text, path)


def parse_tree(
    model: type[M], tree: Node, problems: list[Problem], text: str, path: str
) -> tuple[Loaded[M] | None, list[Problem]]:
    """The tree as a model. A wrong value is told and then left out, so that the rest can be looked at too."""
    from blackstart.wording import problems_of, without

    try:
        loaded = Loaded(_validated(model, tree.value), path, text, tree)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=True)[: 4 * MAX_PROBLEMS]
        told = {(problem.line, problem.column) for problem in problems}
        new = problems_of(errors, model, tree, path)
        problems = problems + [problem for problem in new if (problem.line, problem.column) not in told]
        partial = _partial(model, tree, without(tree.value, errors, model), errors, text, path)
        if partial is None:
            return None, problems[:MAX_PROBLEMS]
        loaded = partial
    return loaded, (problems + loaded.problems(loaded.model.flaws()))[:MAX_PROBLEMS]


def _partial(
    model: type[M], tree: Node, value: Any, errors: list[ErrorDetails], text: str, path: str
) -> Loaded[M] | None:
    unsure = frozenset(one["loc"] for one in errors if one["type"] != "extra_forbidden")
    try:
        return Loaded(_validated(model, value), path, text, tree, unsure)
    except ValidationError:
        return None


def _validated(model: type[M], value: Any) -> M:
    """Strict and by the names of the file: JSON's rules, since YAML's lists are what tuples are written as."""
    import json

    return model.model_validate_json(json.dumps(value), strict=True, by_alias=True, by_name=False)
