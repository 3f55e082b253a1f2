"""What a DNS server answers instead of the truth, name by name: its response policy.

Real servers have such a policy (response policy zones, views, access lists), and rules that nobody remembers are
what goes wrong with them. It is a file in the server's folder: the embedded servers look at it at each question, CoreDNS
is told when it has changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from blackstart.replica.programs.dns_told import told
from blackstart.replica.programs.files import locked, replaced

__all__ = ["ACTIONS", "EVERY_NAME", "POLICY_FILE", "VERSION", "Action", "PolicyFile", "Rule", "read_rules"]

POLICY_FILE = "policy.json"
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
                replaced(self.file, json.dumps([asdict(rule) for rule in after], indent=1).encode())
            told(self._folder)
            return len(after)


def _without(rules: tuple[Rule, ...], name: str, action: Action | None) -> list[Rule]:
    return [rule for rule in rules if rule.name != name or action not in (None, rule.action)]


def read_rules(file: Path) -> tuple[Rule, ...]:
    """OSError when there is no file; ValueError or TypeError when it is not a policy."""
    return tuple(Rule(**rule) for rule in json.loads(file.read_text("utf-8")))
