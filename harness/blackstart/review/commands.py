"""Command lines as a shell would see them: taken apart, spelled one way, and judged by what they do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blackstart.platform import Platform

__all__ = ["TOUCHES", "Effect", "Words", "effect_of", "parts_of", "touched"]

Words = tuple[str, ...]
Effect = Literal["read-only", "mutating", "unknown"]

TOUCHES: Mapping[str, tuple[str, ...]] = {
    "bao": ("vault",),
    "resolve": ("resolver", "dns"),
    "deploy": ("ship",),
    "zone": ("dns",),
    "policy": ("dns", "resolver"),
    "cache": ("resolver",),
    "images": ("registry",),
    "audit-log": ("vault",),
}
"""What each tool of the replica's shell reaches: kinds of components, or a capability with all that it needs."""

_NAMED = frozenset({"service", "network", "inside"})
"""Tools that are told the component's name; without one they look at every component."""

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_NUMBERED = re.compile(r"(?<=/)\d+(?=[\s\")]|$)")
_HOME = re.compile(r"\$\{?HOME\}?(?=/)")
_REDIRECTED = re.compile(r"(?:(?<=\s)\d)?>>?\s*(?:&\d|[^\s;|&()]+)|(?<!<)<\s*[^\s<;|&()]+")
_BEFORE = frozenset({"sudo", "time", "exec", "command", "nohup"})

_READS = frozenset(
    """awk base64 cat cd cut date diff dig dirname basename echo env export false find grep head host hostname jq less ls
    more nslookup ping printf ps pwd resolve set sha256sum sleep sort ss stat tail teams test top tr true uniq
    uname wc which whoami [ history clear man type""".split()
)
_CHANGES = frozenset(
    "chmod chown cp deploy dd kill killall ln mkdir mv pkill rm rmdir tee touch truncate".split()
)
_BAO_READS = frozenset("status read list version print path-help".split())
_BAO_READ_VERBS = frozenset(
    "lookup get list read status info capabilities key-status members list-peers help".split()
)
_TOOL_READS = {
    "zone": frozenset({"show", "serial", "history"}),
    "policy": frozenset({"show"}),
    "cache": frozenset(),
    "images": frozenset({"list", "verify"}),
    "audit-log": frozenset({"status"}),
    "service": frozenset({"status"}),
    "network": frozenset({"status"}),
}
"""What the replica's own tools only read by; every other word of theirs changes something."""

_CURL_CHANGES = re.compile(
    r"(?:^| )(?:-X|--request)[ =]?(?!GET|HEAD)[A-Z]+|(?:^| )(?:-d|--data\S*|-T|-F|--json)(?: |=|$)"
)


def parts_of(line: str, tools: Mapping[str, str]) -> list[Words]:
    """Each simple command of a line, spelled one way: no quotes, one blank, `~` for the home, the replica's name of a
    tool for the production one, and `N` for a number that ends a path (which of several key shares it was).
    """
    found: list[Words] = []
    for words in _split(_REDIRECTED.sub(" ", line.replace("\\\n", " "))):
        while words and (_ASSIGNMENT.match(words[0]) or words[0] in _BEFORE):
            words = words[1:]
        if words:
            program = words[0].rpartition("/")[2]
            found.append((tools.get(program, program), *map(_spelled, words[1:])))
    return found


def _spelled(word: str) -> str:
    return _NUMBERED.sub("N", _HOME.sub("~", word))


def _split(line: str) -> list[list[str]]:
    """Commands as words. A pipe begins a new command; what `$( )` or quotes hold together stays one word."""
    commands: list[list[str]] = [[]]
    word, started, quote, depth = "", False, "", 0
    index = 0
    while index < len(line):
        char = line[index]
        if char == "\\" and quote != "'" and index + 1 < len(line):
            word, started, index = word + line[index + 1], True, index + 2
            continue
        if char in "\"'" and (not quote or quote == char):
            quote, started = ("" if quote else char), True
        elif char == "(" and word.endswith("$") and quote != "'":
            depth, word = depth + 1, word + char
        elif char == ")" and depth:
            depth, word = depth - 1, word + char
        elif quote or depth:
            word += char
        elif char == "#" and not started:
            index = line.find("\n", index) if "\n" in line[index:] else len(line)
            continue
        elif char in " \t\n;|&()<>":
            if started:
                commands[-1].append(word)
            word, started = "", False
            if char in "\n;|&()" and commands[-1]:
                commands.append([])
            index += 1
            continue
        else:
            word += char
        started = True
        index += 1
    if started:
        commands[-1].append(word)
    return [command for command in commands if command]


def effect_of(words: Words) -> Effect:
    """What a command does, as far as its words tell. A runbook that has the command knows better: ask it first."""
    program, rest = words[0], words[1:]
    if program == "bao":
        return _bao(tuple(word for word in rest if not word.startswith("-")))
    if program == "curl":
        return "mutating" if _CURL_CHANGES.search(" ".join(rest)) else "read-only"
    if program == "sed":
        return "mutating" if any(word.startswith("-i") for word in rest) else "read-only"
    if program == "inside" and rest[1:]:
        return effect_of(rest[1:])
    if program in _TOOL_READS:
        return "read-only" if rest[:1] == () or rest[0] in _TOOL_READS[program] else "mutating"
    if program in _READS:
        return "read-only"
    return "mutating" if program in _CHANGES else "unknown"


def _bao(words: Words) -> Effect:
    if not words or words[0] in _BAO_READS:
        return "read-only"
    return "read-only" if _BAO_READ_VERBS & set(words[1:3]) else "mutating"


def touched(words: Words, platform: Platform, endpoints: Mapping[str, str]) -> frozenset[str]:
    """The components that a command reaches: by its tool, an address, or the name that production has for one."""
    found: set[str] = set()
    for name in TOUCHES.get(words[0], ()):
        capability = platform.capabilities.get(name)
        found.update(capability.needs if capability else _of_kind(name, platform))
    if words[0] in _NAMED:
        named = set(words[1:]) & set(platform.components)
        found.update(named or (platform.components if words[1:] in ((), ("status",)) else ()))
    text = " ".join(words)
    for name, node in platform.components.items():
        spoken = [
            endpoints.get(name, ""),
            f"{name.upper()}_ADDR",
            f"BLACKSTART_{_variable(name)}",
            *node.production,
        ]
        if any(word and word in text for word in spoken):
            found.add(name)
    return frozenset(found)


def _variable(name: str) -> str:
    """How the shell of a user's own platform spells a component in the names of its variables."""
    return name.upper().replace("-", "_")


def _of_kind(kind: str, platform: Platform) -> list[str]:
    return [name for name, node in platform.components.items() if (node.kind or name) == kind]
