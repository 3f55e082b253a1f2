"""Every error blackstart raises on purpose. Only `cli` turns one into an exit code.

    BlackstartError                 something a user can cause or must hear of; `exit_code` says how the run ends
    ├── UsageError            2     the call's words are off
    ├── InputError            2     a file is wrong; carries every problem of every file
    ├── MissingTool           2     a program, package, cache or network is missing
    ├── InvalidDrill          3     never steady, or a fault had no effect: nobody is scored
    ├── Aborted               4     stopped by a person or a signal after something was started
    ├── HealingUnproven       5     a fault may remain; the message has the command to heal by hand
    ├── ReplicaError          2     a component would not start or answer
    └── RecordError           1     a record is unclosed, torn or altered
        └── NoRecord          2     there is none where one was looked for

Anything else that escapes is a bug of blackstart and ends with exit code 70.
A message says the thing, what was seen, where it was written, and the next move.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

__all__ = [
    "Aborted",
    "BlackstartError",
    "Exit",
    "HealingUnproven",
    "InputError",
    "InvalidDrill",
    "MissingTool",
    "NoRecord",
    "Problem",
    "RecordError",
    "ReplicaError",
    "UsageError",
]


class Exit(IntEnum):
    """What an exit code means (design, command line)."""

    PASSED = 0
    FAILED = 1
    INPUT = 2
    INVALID = 3
    ABORTED = 4
    UNPROVEN = 5
    BUG = 70
    INTERRUPTED = 130


class BlackstartError(Exception):
    """The root. `hint` is the next move, printed on its own line."""

    exit_code: ClassVar[Exit] = Exit.FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(BlackstartError):
    """The command line asks for something that cannot be: call again, corrected."""

    exit_code = Exit.INPUT


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in one file. `line` and `column` count from 1; 0 means the whole file."""

    file: str
    line: int
    column: int
    what: str
    seen: str = ""
    hint: str = ""

    def __str__(self) -> str:
        parts = [part for part in (self.what, self.seen, self.hint) if part]
        return f"{self.file}:{self.line}:{self.column}: {'; '.join(parts)}"


class InputError(BlackstartError):
    """One or more files are wrong. `problems` has all of them, so that one call shows everything."""

    exit_code = Exit.INPUT

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in sorted(problems)))
        self.problems = sorted(problems)


class MissingTool(BlackstartError):
    """Something this machine lacks. The hint says how to get it; `blackstart doctor` lists all."""

    exit_code = Exit.INPUT


class InvalidDrill(BlackstartError):
    """The drill cannot be judged: the replica was never steady, or a fault had no effect."""

    exit_code = Exit.INVALID


class Aborted(BlackstartError):
    """A person or a signal ended the drill after something was started; everything was healed."""

    exit_code = Exit.ABORTED


class HealingUnproven(BlackstartError):
    """A fault may remain. The message names it, and the hint is the command that heals it by hand."""

    exit_code = Exit.UNPROVEN


class ReplicaError(BlackstartError):
    """A component of the replica would not start, stop or answer; the message has its last lines."""

    exit_code = Exit.INPUT


class RecordError(BlackstartError):
    """A record does not verify: it is unclosed, torn, or was altered. The message has the event's number."""

    exit_code = Exit.FAILED


class NoRecord(RecordError):
    """There is no record where one was looked for: the place is wrong, and nothing was altered."""

    exit_code = Exit.INPUT
