"""Impact claims beside the truth: who is said to fail or to work, and what the probes said at that moment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.review.facts import Facts

__all__ = ["Claim", "claims", "scope"]

_FINE = re.compile(
    r"\b(?:unaffected|not affected|keeps?|kept|still|fine|works?|working|healthy|green|up|ok|okay|normal|available"
    r"|serves?|serving|running|restored|recovered)\b",
    re.IGNORECASE,
)
_BROKEN = re.compile(
    r"\b(?:fail(?:s|ed|ing)?|broken|down|red|block(?:ed|s)?|stuck|unavailable|impossible|affected|out|error(?:s|ing)?"
    r"|refused|degraded)\b|\b(?:do(?:es)?|did|can)\s*(?:not|n['\u2019]t)\b|\bcannot\b|\bno\s+(?:new\s+)?\w+",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"^\s*(?:none|no impact|nobody|nothing)\b|\ball\s+(?:probes\s+)?(?:are\s+)?green\b", re.IGNORECASE
)
_ALL_TEAMS = re.compile(r"\b(?:running|existing)\s+(?:workloads?|pods?|services?|versions?)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[.;\n]|,?\s+\bbut\b|,?\s+\bwhile\b|,\s*(?=\w+\s+(?:is|are|keep|still)\b)")


@dataclass(frozen=True, slots=True)
class Claim:
    """One subject (a capability or a team) said to be broken or fine, and whether that was so."""

    subject: str
    broken: bool
    true: bool


def claims(facts: Facts, text: str, s: float) -> list[Claim]:
    """Every claim of an impact about a capability or a team, judged at that drill second."""
    said = _said(facts, text)
    return [Claim(name, broken, broken == _broken(facts, name, s)) for name, broken in sorted(said.items())]


def scope(facts: Facts, text: str, s: float) -> float:
    """The share of capability and team probes whose state the impact has right; what it does not name is not right."""
    told = {claim.subject for claim in claims(facts, text, s) if claim.true}
    lines = [line for line in facts.probes.values() if line.of in ("capability", "team")]
    return sum(line.subject in told for line in lines) / len(lines) if lines else 0.0


def _broken(facts: Facts, subject: str, s: float) -> bool:
    lines = [line for line in facts.probes.values() if line.subject == subject and line.of != "component"]
    return any(line.state_at(s) != "green" for line in lines)


def _said(facts: Facts, text: str) -> dict[str, bool]:
    platform = facts.inputs.platform
    subjects = {name: [name, *node.words] for name, node in platform.capabilities.items()}
    teams = {name: [name, *node.words] for name, node in platform.teams.items()}
    watched = {line.subject for line in facts.probes.values()}
    if _NOTHING.search(text):
        return {name: False for name in [*subjects, *teams] if name in watched}
    said: dict[str, bool] = {}
    for clause in _CLAUSE.split(text):
        broken = _verdict(clause)
        if broken is None:
            continue
        named = [name for name, words in (subjects | teams).items() if _names(clause, words)]
        if _ALL_TEAMS.search(clause):
            named += teams
        for name in named:
            if name in watched:
                said.setdefault(name, broken)
    return said


def _verdict(clause: str) -> bool | None:
    """Whether a clause says that something is broken (True), fine (False), or nothing of the kind."""
    fine, broken = _FINE.search(clause), _BROKEN.search(clause)
    if re.search(r"\b(?:not|un)\s?affected\b", clause, re.IGNORECASE):
        return False
    if broken:
        return True
    return False if fine else None


def _names(clause: str, words: list[str]) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", clause, re.IGNORECASE) for word in words)
