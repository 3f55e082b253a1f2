"""What a message claims in plain words: a role, that it is fixed, the all-clear. Pure; used live and by review.

The protocol's patterns say which words count. Here stands what holds for every organisation: a question claims
nothing, a denial claims nothing, and neither does what somebody else is quoted with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.protocol import Protocol

__all__ = ["RoleChange", "claimed_roles", "claims_all_clear", "claims_fixed", "role_changes"]

_QUOTED = re.compile(r'^[ \t]*>.*$|"[^"\n]*"|“[^”\n]*”|`[^`\n]*`', re.MULTILINE)

_SENTENCE_END = re.compile(r"[.;!?](?=\s|$)|\n|—|:(?!\d)")
"""A dot inside a word (v1.2, a host name) and a colon inside a time end nothing."""

_PART_END = re.compile(_SENTENCE_END.pattern + r"|,")

_DENIAL = re.compile(
    r"\b(?:not|no|never|nobody|none|nothing|neither|who|whose|whether|if|unless|cannot|\w+n['\u2019]t)\b",
    re.IGNORECASE,
)

_NOT_YET = re.compile(
    r"\b(?:will|would|should|shall|may|might|could|can|once|until|till|when|before|hope|hopefully|almost|nearly"
    r"|\w+['\u2019]ll)\b",
    re.IGNORECASE,
)
"""A wish, a plan or a condition says that it is not so now."""

_HAND_OVER = re.compile(
    r"\b(?P<role>[a-z]+)\s*(?::|is|goes|-)?\s*(?:now\s+)?(?:over|handed|handing)(?:\s+over)?\s+to\s+@?(?P<to>[a-z]+-\d+)"
    r"|\b(?:handing|hand|handed)\s+(?:over\s+)?(?:the\s+)?(?P<role2>[a-z]+)\s+(?:over\s+)?to\s+@?(?P<to2>[a-z]+-\d+)",
    re.IGNORECASE,
)

_RELEASE = re.compile(
    r"\b(?:I(?:['\u2019]m| am)\s+no\s+longer|releasing|dropping|stepping\s+down\s+(?:as|from)|I\s+(?:release|drop))"
    r"\s+(?:the\s+)?(?P<role>[a-z]+)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RoleChange:
    """A role's new holder by one message; `holder` is empty when it was given back."""

    role: str
    holder: str


def claimed_roles(text: str, protocol: Protocol) -> list[str]:
    """The roles that the writer claims, in the protocol's order."""
    plain = _own_words(text)
    return [
        role
        for role, patterns in protocol.roles.claims.items()
        if any(_stands(plain, found, _PART_END) for found in _found(plain, patterns))
    ]


def claims_fixed(text: str, protocol: Protocol) -> bool:
    """Whether the message says that the trouble is over."""
    return _claims(text, protocol.claims.fixed)


def claims_all_clear(text: str, protocol: Protocol) -> bool:
    """Whether the message gives the all-clear, rather than speaks of it."""
    return _claims(text, protocol.claims.all_clear)


def role_changes(text: str, who: str, protocol: Protocol) -> list[RoleChange]:
    """What one message of `who` does to the roles: claims, hand-overs ("ic: over to sme-2"), releases.

    A hand-over counts whoever writes it; a release only gives back what the writer holds, which the caller knows.
    """
    plain = _own_words(text)
    changes = [RoleChange(role, who) for role in claimed_roles(text, protocol)]
    for found in _HAND_OVER.finditer(plain):
        role = _role(found["role"] or found["role2"], protocol)
        if role and _stands(plain, found, _PART_END):
            changes.append(RoleChange(role, (found["to"] or found["to2"]).lower()))
    for found in _RELEASE.finditer(plain):
        role = _role(found["role"], protocol)
        if role and not _asks(plain, found.end()):
            changes.append(RoleChange(role, ""))
    return changes


def _role(word: str, protocol: Protocol) -> str:
    return word.lower() if word.lower() in protocol.roles.all else ""


def _own_words(text: str) -> str:
    """The message without what it quotes; a quote becomes a gap, so that words do not run together."""
    return _QUOTED.sub(" … ", text)


def _claims(text: str, patterns: list[str]) -> bool:
    plain = _own_words(text)
    return any(
        _stands(plain, found, _SENTENCE_END) and not _NOT_YET.search(_before(plain, found))
        for found in _found(plain, patterns)
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _found(text: str, patterns: list[str]) -> Iterator[re.Match[str]]:
    for pattern in patterns:
        yield from _compiled(pattern).finditer(text)


def _before(text: str, found: re.Match[str]) -> str:
    """The part of the sentence up to the end of what was found."""
    start = max((end.end() for end in _PART_END.finditer(text, 0, found.end())), default=0)
    return text[start : found.end()]


def _stands(text: str, found: re.Match[str], ends: re.Pattern[str]) -> bool:
    """Whether what was found is said: neither denied, nor asked before the next of `ends`."""
    return not _DENIAL.search(_before(text, found)) and not _asks(text, found.end(), ends)


def _asks(text: str, position: int, ends: re.Pattern[str] = _SENTENCE_END) -> bool:
    end = ends.search(text, position)
    return end is not None and end[0] == "?"
