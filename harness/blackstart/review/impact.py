"""What a message says about who is hit and who is not, taken apart into claims about probes.

The words come from the platform map: each capability and team by its name and its `words`. In a sentence, what was
named takes the next predicate ("deploys and logins fail, payments keeps serving"), or the one before a colon
("unaffected: payments"). "payments cannot deploy" speaks of deploys, not of what payments serves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from blackstart.review.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from blackstart.platform import CapabilityNode, Platform, TeamNode

__all__ = ["Reader"]

_ENDS = re.compile(r"[;\n]|[.!?](?=\s|$)")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|without|cannot|unable|\w+n['\u2019]t)\b", re.IGNORECASE
)
_NONE = re.compile(r"\s*(?:none|no\s+(?:known\s+)?impact)\b(?!\s+(?:of|on|for))", re.IGNORECASE)

_RUNNING = (
    r"(?:what|everything\s+that)\s+(?:already\s+)?runs"
    r"|(?:already\s+)?(?:running|existing|live)\s+(?:workloads?|pods?|services?|applications?|apps?|versions?|deployments?|releases?)"
    r"|workloads|customers?(?:\s+traffic)?|production\s+traffic|existing\s+traffic|end\s+users"
)
_ALL = r"everything(?:\s+else)?|all\s+else|the\s+rest|all\s+(?:probes|systems|services|checks)|every\s+probe|nothing|nobody"
_UNABLE = (
    r"(?:cannot|can['\u2019]?t|can\s+not|could\s+not|couldn['\u2019]t|unable\s+to|not\s+able\s+to|fails?\s+to|failing\s+to"
    r"|(?:no\s+(?:team|one)|nobody|none\s+of\s+(?:the|our|my)\s+\w+)\s+can)\s+(?:\w+\s+)?"
)
_ABLE = r"(?:can|able\s+to)\s+(?:still\s+|now\s+|again\s+)?"
_BAD = (
    r"fail(?:s|ed|ing|ures?)?|broken|breaks?|down|blocked|stuck|unavailable|unreachable|errors?|erroring|50\d|red|outage"
    r"|time[sd]?\s+out|timing\s+out|timeouts?|rejected|refused|stopped|impossible|impaired|hang(?:s|ing)?|affected|impacted|hit"
    r"|impact(?=\s+(?:on|for)\b)"
)
_GOOD = (
    r"unaffected|unimpacted|unharmed|untouched|fine|ok(?:ay)?|healthy|up|green|normal(?:ly)?|recovered|restored|available|reachable"
    r"|works?|working(?!\s+on\b)|serves?|serving|succeeds?|succeed|operational|back"
)


@dataclass(frozen=True, slots=True)
class _Word:
    """Something named in a sentence: probes, or a predicate that says whether they are green."""

    start: int
    end: int
    probes: tuple[str, ...] = ()
    of: Literal["capability", "team", "all", ""] = ""
    green: bool | None = None


class Reader:
    """Reads claims for one platform. `probes` are those whose truth the record has."""

    def __init__(self, platform: Platform, probes: Iterable[str]) -> None:
        self._platform = platform
        self._known = set(probes)

    @cached_property
    def scope(self) -> tuple[str, ...]:
        """Every probe of a capability or a team: what an impact is about."""
        nodes: list[CapabilityNode | TeamNode] = [
            *self._platform.capabilities.values(),
            *self._platform.teams.values(),
        ]
        return tuple(probe for node in nodes for probe in node.probes if probe in self._known)

    def claims(self, text: str) -> dict[str, bool]:
        """Each probe that the text speaks of: True where it says that it is green. The last word on a probe stands."""
        words = plain(text)
        claims: dict[str, bool] = {}
        if _NONE.match(words):
            claims.update(dict.fromkeys(self.scope, True))
        start = 0
        for end in [*(found.start() for found in _ENDS.finditer(words)), len(words)]:
            self._sentence(words[start:end], claims)
            start = end + 1
        return claims

    # --- one sentence ---------------------------------------------------------------------------

    def _sentence(self, text: str, claims: dict[str, bool]) -> None:
        subjects: list[_Word] = []
        before: _Word | None = None
        for word in self._words(text):
            if word.green is None:
                subjects.append(word)
                continue
            if (
                word.probes
            ):  # "cannot deploy": the predicate has its own object, who cannot is beside the point
                self._claim([word], word.green, claims)
                subjects, before = [], None
                continue
            if before and subjects and ":" in text[before.end : subjects[0].start]:
                self._claim(subjects, bool(before.green), claims)
                subjects = []
            self._claim(_said(subjects, text), word.green, claims)
            subjects, before = [], word
        if before and subjects and _leads(text[before.end : subjects[0].start]):
            self._claim(subjects, bool(before.green), claims)

    def _claim(self, subjects: Sequence[_Word], green: bool, claims: dict[str, bool]) -> None:
        for subject in subjects:
            for probe in subject.probes:
                if subject.of != "all" or probe not in claims:
                    claims[probe] = green

    def _words(self, text: str) -> list[_Word]:
        """Subjects and predicates in the order of the sentence; of what overlaps, the longer."""
        found: list[_Word] = []
        for match in self._pattern.finditer(text):
            kind = match.lastgroup or ""
            if kind in ("able", "unable"):
                said = match[0].lower()
                names = [name for name in self._names if said.endswith(name)]
                probes = self._probes_of(max(names, key=len)) if names else ()
                found.append(_Word(match.start(), match.end(), probes, green=kind == "able"))
            elif kind in ("bad", "good"):
                found.append(
                    _Word(match.start(), match.end(), green=_flipped(kind == "good", text, match.start()))
                )
            else:
                found.append(self._subject(match, kind))
        return found

    def _subject(self, match: re.Match[str], kind: str) -> _Word:
        if kind == "all":
            return _Word(match.start(), match.end(), self.scope, "all")
        if kind == "running":
            return _Word(match.start(), match.end(), self._teams, "team")
        name = match[0].lower()
        of: Literal["capability", "team"] = "capability" if name in self._capability_words else "team"
        return _Word(match.start(), match.end(), self._probes_of(name), of)

    # --- the map's words --------------------------------------------------------------------------

    @cached_property
    def _capability_words(self) -> Mapping[str, tuple[str, ...]]:
        return self._named(self._platform.capabilities)

    @cached_property
    def _team_words(self) -> Mapping[str, tuple[str, ...]]:
        return self._named(self._platform.teams)

    def _named(
        self, nodes: Mapping[str, CapabilityNode] | Mapping[str, TeamNode]
    ) -> dict[str, tuple[str, ...]]:
        return {
            word.lower(): tuple(probe for probe in node.probes if probe in self._known)
            for name, node in nodes.items()
            for word in [name, *node.words]
        }

    @cached_property
    def _teams(self) -> tuple[str, ...]:
        return tuple(
            probe for node in self._platform.teams.values() for probe in node.probes if probe in self._known
        )

    @cached_property
    def _names(self) -> list[str]:
        return [*self._capability_words, *self._team_words]

    def _probes_of(self, name: str) -> tuple[str, ...]:
        return self._capability_words.get(name) or self._team_words.get(name, ())

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        capabilities = _any_of(self._capability_words)
        return re.compile(
            rf"(?<!\w)(?:(?P<running>{_RUNNING})|(?P<unable>{_UNABLE}(?:{capabilities}))|(?P<able>{_ABLE}(?:{capabilities}))"
            rf"|(?P<capability>{capabilities})|(?P<team>{_any_of(self._team_words)})|(?P<all>{_ALL})"
            rf"|(?P<bad>{_BAD})|(?P<good>{_GOOD}))(?!\w)",
            re.IGNORECASE,
        )


def _any_of(words: Iterable[str]) -> str:
    spelled = sorted((re.escape(word).replace(r"\ ", r"\s+") for word in words), key=len, reverse=True)
    return "|".join(spelled) or r"(?!)"


def _flipped(green: bool, text: str, position: int) -> bool:
    """Whether the predicate is denied: "do not work", "no team is affected". Four words before it are looked at,
    and for "none of the running services are" the whole part of the sentence.
    """
    before = re.split(r"[,:\u2014]", text[:position])[-1]
    near = " ".join(before.split()[-4:])
    denied = _NEGATION.search(near) or re.search(r"\bnone\s+of\b", before, re.IGNORECASE)
    return green != (denied is not None)


def _said(subjects: Sequence[_Word], text: str) -> list[_Word]:
    """What a predicate is about: "deploys for payments fail" is about deploys."""
    if not any(subject.of == "capability" for subject in subjects):
        return list(subjects)
    return [subject for subject in subjects if subject.of != "team" or not _belongs(text[: subject.start])]


def _belongs(before: str) -> bool:
    return (
        re.search(
            r"\b(?:for|of|from|by|at|in|to)\s+(?:the\s+|all\s+|every\s+|team\s+)*$", before, re.IGNORECASE
        )
        is not None
    )


def _leads(between: str) -> bool:
    """Whether a predicate speaks of what follows it: "unaffected: orders", "no impact on orders"."""
    return ":" in between or re.fullmatch(r"\s*(?:are|is|on|remain|remains)?\s*", between) is not None
