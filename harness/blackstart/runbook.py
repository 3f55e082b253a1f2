"""Markdown that people follow, as sections and steps: reads `scenarios/runbooks/<slug>.md`.

A step is a heading with an id, `### Is it sealed? {#check-seal}`; its commands stand in fenced blocks whose
info string says what they do: `sh read-only` or `sh mutating`, and, where another exit code than 0 is no failure,
which: `sh read-only exit=0,2` (`bao status` exits 2 when sealed). The runbook owns the steps; others cite ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from blackstart.errors import InputError, Problem
from blackstart.yamltree import MAX_PROBLEMS, clip

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["SECTIONS", "TOOLS", "Command", "Runbook", "Step", "examine", "load", "parse"]

SECTIONS = ("symptoms", "diagnosis", "fix", "verification", "communication", "escalation")
"""The first word of each second-level heading, in the order in which a person needs them."""

TOOLS = frozenset(
    "audit-log bao cache deploy images inside network policy resolve service teams vault zone".split()
)
"""What the replica's shell has on its PATH beside an ordinary system."""

SYSTEM_TOOLS = frozenset(
    """awk basename base64 bash cat cd cp curl cut date diff dirname echo env export false find grep head hostname jq
    kill less ls mkdir mktemp mv ping printf ps pwd read rm sed set sh sha256sum sleep sort ss stat tail tee test
    time timeout touch tr true uname uniq unset wc which whoami xargs [ :""".split()
)
"""Ordinary commands that a runbook may use without naming them as tools."""

KEYWORDS = frozenset("if then elif else fi do done while until esac { } ! time exec command".split())
"""Words of the shell after which a program may follow."""

_HEADING_ID = re.compile(r"(?P<title>.*?)\s*\{#(?P<id>[^{}]*)\}")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_EXIT = re.compile(r"exit=([0-9]{1,3}(?:,[0-9]{1,3})*)")
_HEREDOC = re.compile(r"<<-?\s*(?P<quote>['\"]?)(?P<word>[A-Za-z_][A-Za-z0-9_]*)(?P=quote)")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True, slots=True)
class Command:
    """One command line of a step. `line` is where it stands in the file."""

    text: str
    mutating: bool
    line: int
    exit_codes: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its stable id, the section it stands in ("diagnosis"), its commands in order."""

    id: str
    title: str
    section: str
    line: int
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Runbook:
    slug: str
    path: str
    title: str
    steps: tuple[Step, ...]

    def section(self, name: str) -> tuple[Step, ...]:
        """The steps of one section, in order."""
        return tuple(step for step in self.steps if step.section == name)


def load(path: Path, shown: str = "") -> tuple[Runbook, str]:
    """A runbook and its text. InputError has every problem; `shown` is the file's name there."""
    from blackstart.source import read_text

    text = read_text(path, shown)
    return parse(text, shown or str(path)), text


def parse(text: str, path: str) -> Runbook:
    """The runbook. InputError has everything that `examine` finds."""
    runbook, problems = examine(text, path)
    if problems:
        raise InputError(problems)
    return runbook


def examine(text: str, path: str) -> tuple[Runbook, list[Problem]]:
    """The runbook as far as it goes, and everything wrong with it, in the order of the file."""
    reader = _Reader(path)
    reader.read(text.removeprefix("\ufeff"))
    runbook = Runbook(PurePath(path).stem, path, reader.title, tuple(step.done() for step in reader.steps))
    return runbook, sorted(reader.problems)[:MAX_PROBLEMS]


@dataclass(slots=True)
class _Draft:
    """A step while its commands are still being read."""

    id: str
    title: str
    section: str
    line: int
    commands: list[Command]

    def done(self) -> Step:
        return Step(self.id, self.title, self.section, self.line, tuple(self.commands))


class _Reader:
    """One pass over the Markdown's tokens."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.title = ""
        self.steps: list[_Draft] = []
        self.problems: list[Problem] = []
        self._sections: list[tuple[str, int]] = []
        self._step: _Draft | None = None
        self._ids: dict[str, int] = {}

    def _complain(self, line: int, what: str, seen: str = "", hint: str = "") -> None:
        self.problems.append(Problem(self.path, line, 1, clip(what), clip(seen), clip(hint)))

    def read(self, text: str) -> None:
        tokens = _tokens(text)
        for index, token in enumerate(tokens):
            line = token.map[0] + 1 if token.map else 1
            if token.type == "heading_open":
                self._heading(int(token.tag[1]), tokens[index + 1].content.strip(), line)
            elif token.type == "fence":
                self._fence(token, line)
        self._finish()

    def _heading(self, level: int, text: str, line: int) -> None:
        found = _HEADING_ID.fullmatch(text)
        title, step_id = (found["title"], found["id"]) if found else (text, "")
        if level == 1:
            self.title = self.title or title
        elif level == 2:
            self._section(title, line)
        if level == 3 or (found and level > 1):
            self._begin_step(step_id, title, line)

    def _section(self, title: str, line: int) -> None:
        from blackstart.source import did_you_mean

        self._step = None
        name = re.split(r"\W", title.lower(), maxsplit=1)[0]
        if name not in SECTIONS:
            self._complain(line, f'unknown section "{title}"', "", did_you_mean(name, SECTIONS))
        elif name in (other for other, _ in self._sections):
            self._complain(line, f'a second section "{title}"', "", "put it all in the first")
        elif self._sections and SECTIONS.index(name) < max(map(_rank, self._sections)):
            self._complain(
                line, f'the section "{title}" comes too late', "", f"the order is {', '.join(SECTIONS)}"
            )
        self._sections.append((name, line))

    def _begin_step(self, step_id: str, title: str, line: int) -> None:
        section = self._sections[-1][0] if self._sections else ""
        if not step_id:
            hint = f"write ### {title} {{#{_slug(title)}}}"
            self._complain(line, f'the step "{title}" has no id', "", hint)
        elif not _ID.fullmatch(step_id):
            self._complain(line, f'"{step_id}" is no step id', "", f"did you mean {_slug(step_id)}?")
        elif step_id in self._ids:
            self._complain(
                line, f'duplicate step id "{step_id}"', f"line {self._ids[step_id]} has it already"
            )
        self._ids.setdefault(step_id, line)
        self._step = _Draft(step_id, title, section, line, [])
        self.steps.append(self._step)

    def _fence(self, token: Token, line: int) -> None:
        words = token.info.split()
        if not words or words[0] not in ("sh", "bash", "shell", "console"):
            return
        mutating, exit_codes = self._info(words, line)
        if self._step is None:
            self._complain(
                line, "commands stand outside a step", "", "put a heading with an id above: ### ... {#id}"
            )
            return
        if mutating and self._step.section in ("symptoms", "diagnosis"):
            hint = "look first: move it to Fix, or write read-only if it changes nothing"
            self._complain(line, f"a mutating command in {self._step.section}", "", hint)
        for text, offset in _commands(token.content):
            self._lint(text, line + 1 + offset)
            self._step.commands.append(Command(text, mutating, line + 1 + offset, exit_codes))

    def _info(self, words: list[str], line: int) -> tuple[bool, tuple[int, ...]]:
        """What the words after the fence say: whether it changes anything, which exit codes are fine."""
        seen = f"saw ```{' '.join(words)}"
        if words[0] != "sh":
            self._complain(
                line, "a block of commands begins with sh", seen, "write ```sh read-only or ```sh mutating"
            )
        kinds = [word for word in words[1:] if word in ("read-only", "mutating")]
        if len(kinds) != 1:
            self._complain(
                line,
                "a block is either read-only or mutating",
                seen,
                "write ```sh read-only or ```sh mutating",
            )
        exit_codes: tuple[int, ...] = (0,)
        for word in words[1:]:
            if found := _EXIT.fullmatch(word):
                exit_codes = tuple(int(code) for code in found[1].split(","))
            elif word not in kinds:
                self._complain(
                    line,
                    f'unknown word "{word}" after the fence',
                    seen,
                    "known are read-only, mutating, exit=0,2",
                )
        return "mutating" in kinds, exit_codes

    def _lint(self, text: str, line: int) -> None:
        from blackstart.source import did_you_mean

        try:
            programs = _programs(text)
        except ValueError:
            hint = "write it on one line, or end a line with a backslash"
            self._complain(line, "a quote stays open in a command", f"saw {text.splitlines()[0]}", hint)
            return
        for program in programs:
            if program not in TOOLS | SYSTEM_TOOLS:
                hint = did_you_mean(program, TOOLS)
                self._complain(
                    line,
                    f'"{program}" is not on the PATH of the replica\'s shell',
                    f"saw {text.splitlines()[0]}",
                    hint,
                )

    def _finish(self) -> None:
        if not self.title:
            self._complain(1, "the runbook has no title", "", "begin with a line # ...")
        present = {name for name, _ in self._sections}
        for name in SECTIONS:
            if name not in present:
                self._complain(1, f"no section {name.title()}", "", f"add ## {name.title()}")
        if "fix" in present and not any(step.section == "fix" and step.commands for step in self.steps):
            line = next(line for name, line in self._sections if name == "fix")
            self._complain(
                line, "the section Fix has no command", "", "give a step and its ```sh mutating block"
            )


def _tokens(text: str) -> list[Token]:
    from markdown_it import MarkdownIt

    return (
        MarkdownIt("zero", {"html": True})
        .enable(["heading", "lheading", "fence", "code", "list", "blockquote", "html_block"])
        .parse(text)
    )


def _rank(section: tuple[str, int]) -> int:
    return SECTIONS.index(section[0]) if section[0] in SECTIONS else -1


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.lower())) or "step"


def _commands(block: str) -> Iterator[tuple[str, int]]:
    """Each command of a block and its line in it; continued lines and here-documents are one command."""
    lines = block.splitlines()
    index = 0
    while index < len(lines):
        start = index
        while lines[index].endswith("\\") and index + 1 < len(lines):
            index += 1
        for found in _HEREDOC.finditer("\n".join(lines[start : index + 1])):
            while index + 1 < len(lines) and lines[index].strip() != found["word"]:
                index += 1
        text = "\n".join(lines[start : index + 1])
        if text.strip() and not text.lstrip().startswith("#"):
            yield text.strip(), start
        index += 1


def _programs(command: str) -> list[str]:
    """The programs that a command starts, as far as can be seen without being a shell.

    ValueError when a quote stays open.
    """
    import shlex

    line = _HEREDOC.sub("", command.split("\n", 1)[0] if "<<" in command else command.replace("\\\n", " "))
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    programs, expected = [], True
    for word in lexer:
        if re.fullmatch(r"[();|&]+", word) or (expected and word in KEYWORDS):
            expected = True
        elif expected and not _ASSIGNMENT.match(word):
            expected = False
            if word not in ("for", "case"):  # a name follows these, up to the next ;
                programs.append(word)
    return [program for program in programs if "/" not in program and "$" not in program]
