"""What pydantic says about a file, in words and with the place; loaded only when something is wrong."""

from __future__ import annotations

import copy
import json
import re
import types
import typing
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from blackstart.errors import Problem
from blackstart.source import Model, Place, did_you_mean, parse_duration
from blackstart.yamltree import clip

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from blackstart.yamltree import Node

__all__ = ["problems_of", "without"]

_NEEDED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}

_UNIT_WORDS = {"d": ("day", "d"), "h": ("hour", "hr", "h"), "m": ("min", "m"), "s": ("sec", "s")}


def problems_of(errors: list[ErrorDetails], model: type[Model], tree: Node, path: str) -> list[Problem]:
    """Pydantic's errors as problems of the file. A key that was misspelt is not also told as missing."""
    meant = {
        (*error["loc"][:-1], near) for error in errors if (near := _meant(error["loc"], error["type"], model))
    }
    told = [error for error in errors if error["type"] != "missing" or error["loc"] not in meant]
    return [_problem(error, model, tree, path) for error in told]


def _meant(place: Place, kind: str, model: type[Model]) -> str:
    """The key that an unknown one is nearest to."""
    if kind != "extra_forbidden":
        return ""
    found = re.fullmatch(r"did you mean (.*)\?", did_you_mean(str(place[-1]), _keys_at(model, place[:-1])))
    return found[1] if found else ""


def _problem(error: ErrorDetails, model: type[Model], tree: Node, path: str) -> Problem:
    """One error of pydantic's as a problem of the file."""
    place = error["loc"]
    if error["type"] == "extra_forbidden":
        return _unknown_key(place, model, tree, path)
    node = tree.find(place)
    if error["type"] == "missing" and isinstance(place[-1], int):
        what = f"{_named(place[:-1])}: too few entries"
        return Problem(path, node.line, node.column, what, f"saw {len(node.parts)}", "")
    if error["type"] == "missing":
        what = f"{_named(place[:-1])} has no {place[-1]}" if place[:-1] else f"the file has no {place[-1]}"
        return Problem(path, node.line, node.column, what, "", f"add {place[-1]}:")
    what, hint = _sentence(error)
    return Problem(path, node.line, node.column, clip(f"{_named(place)}: {what}"), _saw(error["input"]), hint)


def _unknown_key(place: Place, model: type[Model], tree: Node, path: str) -> Problem:
    key = str(place[-1])
    parent = tree.find(place[:-1])
    line, column = parent.keys.get(key, (parent.line, parent.column))
    of = f" of {_named(place[:-1])}" if place[:-1] else ""
    return Problem(
        path,
        line,
        column,
        clip(f'unknown key "{key}"{of}'),
        "",
        did_you_mean(key, _keys_at(model, place[:-1])),
    )


def _sentence(error: ErrorDetails) -> tuple[str, str]:
    kind, value = error["type"], error["input"]
    if kind in _NEEDED:
        hint = "write it in quotes" if kind == "string_type" and isinstance(value, int | float) else ""
        return f"{_NEEDED[kind]} is needed", hint
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
        return f"must be {' or '.join(words)}", did_you_mean(value, words) if isinstance(value, str) else ""
    if kind == "too_long":
        return f"too many entries, at most {error['ctx']['max_length']}", ""
    if kind == "value_error":
        return error["msg"].removeprefix("Value error, "), _duration_hint(value)
    return error["msg"].replace("Input should be", "must be"), ""


def _duration_hint(value: Any) -> str:
    """`5 minutes` or `90` as it should have been written."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*", str(value))
    if not found:
        return ""
    number, word = found[1], found[2].lower()
    if word in ("ms", "millis", "milliseconds"):
        return f"did you mean {float(number) / 1000:g}s?"
    unit = next((unit for unit, starts in _UNIT_WORDS.items() if word.startswith(starts)), "")
    guess = f"{number}{unit or 's'}"
    try:
        parse_duration(guess)
    except ValueError:
        return ""
    return f"did you mean {guess}?" if unit or not word else ""


def _saw(value: Any) -> str:
    if value is None:
        return "saw nothing"
    if isinstance(value, Mapping):
        return "saw a mapping"
    if isinstance(value, list):
        return "saw a list"
    text = json.dumps(value, ensure_ascii=False)
    return f"saw {text if len(text) <= 60 else text[:57] + '...'}"


def _named(place: Place) -> str:
    """`faults[0].within`, or "the file" for its top."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or "the file"


def _keys_at(model: type[Model], place: Place) -> list[str]:
    """The keys that may stand at a place."""
    owner = _type_at(model, place)
    if not (isinstance(owner, type) and issubclass(owner, Model)):
        return []
    return [field.alias or name for name, field in owner.model_fields.items()]


def _bare(annotation: Any) -> Any:
    """An annotation without `Annotated` and `| None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [arg for arg in get_args(annotation) if arg is not type(None)]
        return _bare(rest[0])
    return annotation


def _type_at(model: Any, place: Iterable[str | int]) -> Any:
    """What the models say stands at a place."""
    here: Any = model
    for part in place:
        if isinstance(here, type) and issubclass(here, Model):
            named = {field.alias or name: field for name, field in here.model_fields.items()}
            here = _bare(named[str(part)].annotation) if part in named else Any
        elif get_origin(here) in (dict, list, tuple):
            here = _bare(get_args(here)[-1])
        else:
            return Any
    return here


def without(value: Any, errors: Iterable[ErrorDetails], model: type[Model]) -> Any:
    """A copy in which wrong values are left out and missing ones are filled, as far as that can be done."""
    value = copy.deepcopy(value)
    for error in errors:
        place = error["loc"]
        parent = _inside(value, place[:-1])
        if not isinstance(parent, dict):
            continue
        parent.pop(place[-1], None)
        if error["type"] != "extra_forbidden":
            _fill(parent, place, model)
    return value


def _inside(value: Any, place: Place) -> Any:
    for part in place:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _fill(parent: dict[str, Any], place: Place, model: type[Model]) -> None:
    """Put an empty value where a required one is missing."""
    owner = _type_at(model, place[:-1])
    if not (isinstance(owner, type) and issubclass(owner, Model)):
        return
    field = next((f for name, f in owner.model_fields.items() if (f.alias or name) == place[-1]), None)
    if field is None or not field.is_required():
        return
    needed = _bare(field.annotation)
    if get_origin(needed) is Literal:
        parent[str(place[-1])] = typing.get_args(needed)[0]
    elif get_origin(needed) in (dict, list) or needed in (str, int, float):
        parent[str(place[-1])] = 0 if needed in (int, float) else (get_origin(needed) or needed)()
