"""YAML text as a tree in which every key and value knows where it was written.

What people write here is plain data, so the YAML read is small and strict:

- Plain words stay words. Only `true`, `false`, `null`, `~`, whole numbers and decimals in plain digits are
  anything else (YAML 1.2's core schema, without hex, octal, `.inf` and `.nan`). So `on`, `yes`, `no`, `12:30`,
  `010`, `1_000` and `2026-04-26` are text. A key is always the word as written.
- Aliases, tags, a second document and duplicate keys are refused: none is needed, and each has surprised people.
- Nesting is bounded, because a parser's stack is.

The parser is PyYAML's C one, read event by event: nothing is built before it has been looked at.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from blackstart.errors import Problem

__all__ = ["MAX_DEPTH", "MAX_PROBLEMS", "Node", "clip", "parse"]

MAX_DEPTH = 32
"""Levels of nesting. The deepest file shipped has six; a parser's stack ends at some thousands."""

MAX_PROBLEMS = 50
"""Problems told of one file; nobody reads more at once."""

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, Any] = {"": None, "~": None}
for _word, _value in (("null", None), ("true", True), ("false", False)):
    _WORDS |= dict.fromkeys((_word, _word.title(), _word.upper()), _value)

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Outside YAML's printable set, and the byte order mark where it is not the first character."""

_LINE_END = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


def clip(text: str) -> str:
    """Text from a file, short enough for a message."""
    return text if len(text) <= 200 else text[:197] + "..."


class Node:
    """A value and where it begins. `parts` are the values inside, by key or index; `keys` where each key stands."""

    __slots__ = ("column", "keys", "line", "parts", "value")

    def __init__(self, line: int, column: int, value: Any = None) -> None:
        self.line = line
        self.column = column
        self.value = value
        self.parts: dict[str | int, Node] = {}
        self.keys: dict[str, tuple[int, int]] = {}

    def find(self, path: tuple[str | int, ...]) -> Node:
        """The node at a path, or the nearest one above that was written."""
        node = self
        for part in path:
            if part not in node.parts:
                break
            node = node.parts[part]
        return node


class _Stop(Exception):
    """The text cannot be read further; the problem has been noted."""


def parse(text: str, path: str) -> tuple[Node | None, list[Problem]]:
    """The tree, and every problem found while building it. The tree is None when the text cannot be read."""
    text = text.removeprefix("\ufeff")
    problems = list(islice(_forbidden_characters(text, path), MAX_PROBLEMS))
    if problems:
        return None, problems
    builder = _Builder(text, path)
    try:
        node = builder.document()
    except _Stop:
        node = None
    return node, builder.problems[:MAX_PROBLEMS]


def _forbidden_characters(text: str, path: str) -> Iterator[Problem]:
    for found in _FORBIDDEN.finditer(text):
        line, column = _position(text, found.start())
        seen = f"saw U+{ord(found[0]):04X}"
        yield Problem(path, line, column, "a control character stands in the text", seen, "remove it")


def _position(text: str, index: int) -> tuple[int, int]:
    line, start = 1, 0
    for end in _LINE_END.finditer(text, 0, index):
        line, start = line + 1, end.end()
    return line, index - start + 1


class _Builder:
    """One pass over the parser's events."""

    def __init__(self, text: str, path: str) -> None:
        import yaml

        self._yaml = yaml
        self._parser = yaml.CLoader(text)
        self._text = text
        self._path = path
        self.problems: list[Problem] = []

    def _complain(self, at: Any, what: str, seen: str = "", hint: str = "") -> None:
        self.problems.append(Problem(self._path, at.line + 1, at.column + 1, clip(what), clip(seen), hint))
        if len(self.problems) > MAX_PROBLEMS:
            raise _Stop

    def _next(self) -> Any:
        try:
            return self._parser.get_event()
        except self._yaml.MarkedYAMLError as error:
            self._explain(error)
        except self._yaml.YAMLError as error:
            self.problems.append(Problem(self._path, 0, 0, "this is not YAML", str(error)))
        raise _Stop

    def _explain(self, error: Any) -> None:
        mark = error.problem_mark or error.context_mark
        lines = _LINE_END.split(self._text)
        line = lines[mark.line] if mark.line < len(lines) else ""
        if re.match(r" *\t", line):
            return self._explain_tab(mark, line, lines)
        context = f" {error.context}" if error.context else ""
        what = f"this is not YAML: {error.problem}{context}"
        seen = f"saw {line.strip()[:60]!r}" if line.strip() else ""
        return self._complain(mark, what, seen, _syntax_hint(error.problem))

    def _explain_tab(self, mark: Any, line: str, lines: list[str]) -> None:
        others = sum(1 for other in lines if re.match(r" *\t", other)) - 1
        seen = f"{others} more line{'s' if others > 1 else ''} of the file begin so" if others else ""
        problem = Problem(
            self._path,
            mark.line + 1,
            line.index("\t") + 1,
            "a tab is used as indentation",
            seen,
            "indent with spaces",
        )
        self.problems.append(problem)

    def document(self) -> Node | None:
        """The one document of the text."""
        yaml = self._yaml
        self._next()  # the stream's start
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            self.problems.append(
                Problem(self._path, 1, 1, "the file is empty", "", "begin with kind: and a title:")
            )
            return None
        node = self._node(self._next(), 0)
        self._next()  # the document's end
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            self._complain(event.start_mark, "a second document begins here", "", "one file has one document")
        return node

    def _node(self, event: Any, depth: int) -> Node:
        yaml = self._yaml
        mark = event.start_mark
        node = Node(mark.line + 1, mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            self._complain(mark, "an alias is not accepted", f"saw *{event.anchor}", "write the value out")
            return node
        if event.tag is not None:
            self._complain(mark, "a tag is not accepted", f"saw {event.tag}", "write a plain value")
        if isinstance(event, yaml.ScalarEvent):
            node.value = self._scalar(event)
            return node
        if depth >= MAX_DEPTH:
            self._complain(mark, f"values are nested deeper than {MAX_DEPTH} levels", "", "flatten them")
            raise _Stop
        if isinstance(event, yaml.SequenceStartEvent):
            self._sequence(node, depth)
        else:
            self._mapping(node, depth)
        return node

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        found = _FORBIDDEN.search(text)
        if found:
            seen = f"saw U+{ord(found[0]):04X}"
            self._complain(event.start_mark, "a control character stands in the text", seen, "remove it")
        return text if event.style else _plain(text)

    def _sequence(self, node: Node, depth: int) -> None:
        values: list[Any] = []
        while not isinstance(event := self._next(), self._yaml.SequenceEndEvent):
            part = self._node(event, depth + 1)
            node.parts[len(values)] = part
            values.append(part.value)
        node.value = values

    def _mapping(self, node: Node, depth: int) -> None:
        values: dict[str, Any] = {}
        while not isinstance(event := self._next(), self._yaml.MappingEndEvent):
            key = self._key(event, depth)
            part = self._node(self._next(), depth + 1)
            if key is None:
                continue
            if key in values:
                first = node.keys[key][0]
                self._complain(
                    event.start_mark, f'duplicate key "{key}"', f"first written in line {first}", "keep one"
                )
                continue
            node.keys[key] = (event.start_mark.line + 1, event.start_mark.column + 1)
            node.parts[key] = part
            values[key] = part.value
        node.value = values

    def _key(self, event: Any, depth: int) -> str | None:
        if isinstance(event, self._yaml.ScalarEvent):
            self._scalar(event)
            if event.tag is not None:
                self._complain(
                    event.start_mark, "a tag is not accepted", f"saw {event.tag}", "write a plain value"
                )
            return str(event.value)
        self._complain(event.start_mark, "a key must be a word", "saw a list, a mapping or an alias")
        self._node(event, depth + 1)
        return None


def _plain(text: str) -> Any:
    """A scalar written without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _syntax_hint(problem: str) -> str:
    """The usual slip behind a message of the parser."""
    if "mapping values are not allowed" in problem:
        return 'a value that contains ": " needs quotes; a key of the same mapping needs the same indentation'
    if "cannot start any token" in problem:
        return "a value that begins with @, ` or % needs quotes"
    if "end of stream" in problem or "expected ',' or" in problem:
        return "a quote or a bracket is left open"
    if "did not find expected key" in problem or "'-' indicator" in problem:
        return "keys of one mapping need the same indentation; a value that begins with a quote ends with it"
    return ""
