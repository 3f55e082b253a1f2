"""What a DNS server answers instead of the truth, name by name: its response policy, and the order to forget.

Real servers have such a policy (response policy zones, views, access lists), and rules that nobody remembers are
what goes wrong with them. It is a file in the server's folder, looked at again at each question.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from blackstart.replica.programs.dns_zone import locked, replaced

__all__ = [
    "ACTIONS",
    "EVERY_NAME",
    "FLUSH",
    "POLICY_FILE",
    "VERSION",
    "Action",
    "PolicyFile",
    "Rule",
    "Watched",
    "flush",
]

POLICY_FILE = "policy.json"
FLUSH = "flush"
"""A resolver that sees this file replaced forgets all that it has kept."""

EVERY_NAME = "*"

VERSION = "version.bind"
"""A name that DNS servers answer about themselves, by custom; no rule is for it."""

Action = Literal["NXDOMAIN", "EMPTY", "SERVFAIL", "REFUSED", "DELAY"]
ACTIONS: tuple[Action, ...] = ("NXDOMAIN", "EMPTY", "SERVFAIL", "REFUSED", "DELAY")


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to questions for a whole name, or for every name.

    EMPTY is NOERROR without answers; DELAY holds the true answer back for `delay_ms`. `ttl` is how many seconds
    an authority's NXDOMAIN or EMPTY may be kept, 0 as long as its zone says.
    """

    name: str
    action: Action
    delay_ms: int = 0
    ttl: int = 0

    def text(self) -> str:
        return f"{self.name} {self.action}" + (f" {self.delay_ms} ms" if self.delay_ms else "")


class PolicyFile:
    """The policy of the server in one folder. OSError when it cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / POLICY_FILE

    def rules(self) -> tuple[Rule, ...]:
        try:
            return read_rules(self.file)
        except FileNotFoundError:
            return ()

    def add(self, rule: Rule) -> None:
        """Have a rule in force; it takes the place of one for the same name and action."""
        self._change(lambda rules: [*_without(rules, rule.name, rule.action), rule])

    def remove(self, name: str, action: Action | None = None) -> int:
        """Take away the rules of a name, of one action or of all. Returns how many there were."""
        before = len(self.rules())
        return before - self._change(lambda rules: _without(rules, name, action))

    def _change(self, edit: Callable[[tuple[Rule, ...]], list[Rule]]) -> int:
        with locked(self._folder):
            before = self.rules()
            after = edit(before)
            if after != list(before):
                replaced(self.file, json.dumps([asdict(rule) for rule in after], indent=1))
            return len(after)


def _without(rules: tuple[Rule, ...], name: str, action: Action | None) -> list[Rule]:
    return [rule for rule in rules if rule.name != name or action not in (None, rule.action)]


def read_rules(file: Path) -> tuple[Rule, ...]:
    """OSError when there is no file; ValueError or TypeError when it is not a policy."""
    return tuple(Rule(**rule) for rule in json.loads(file.read_text("utf-8")))


def flush(folder: Path) -> None:
    """Have the resolver in that folder forget everything. One that does not run has nothing to forget."""
    replaced(folder / FLUSH, os.urandom(8).hex())


T = TypeVar("T")


class Watched(Generic[T]):
    """What a file says now: read again when it was replaced. What cannot be read leaves the old in force."""

    def __init__(self, file: Path, read: Callable[[Path], T], missing: T) -> None:
        self._file = file
        self._read = read
        self._missing = missing
        self._value = missing
        self._seen: tuple[int, int, int] | None = None

    def now(self) -> T:
        try:
            status = self._file.stat()
        except FileNotFoundError:
            self._seen, self._value = None, self._missing
            return self._value
        seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        if seen != self._seen:
            self._seen = seen
            self._take()
        return self._value

    def _take(self) -> None:
        try:
            self._value = self._read(self._file)
            print(f"{self._file.name} read", file=sys.stderr, flush=True)
        except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
            print(
                f"{self._file.name} cannot be read, the old one stays: {error}", file=sys.stderr, flush=True
            )
