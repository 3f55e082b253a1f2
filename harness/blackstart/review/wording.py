"""The protocol's forms as patterns: what an acknowledgement and an update look like, whatever the dash or the case."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.protocol import Protocol

__all__ = [
    "Acknowledgement",
    "Update",
    "acknowledgement_of",
    "impact_of",
    "next_update_s",
    "plain",
    "update_of",
]

_DASH = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_MARKS = re.compile(
    r"\*\*|__|~~|`|(?<![\w*])[*_](?=\w)|(?<=[\w.:])[*_](?![\w*])|^[ \t]*(?:#+|>)[ \t]+", re.MULTILINE
)
_TIME = r"(?P<time>\d{1,2}:\d{2})(?::\d{2})?"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ABSOLUTE = re.compile(r"(\d{1,2}):(\d{2})")
_RELATIVE = re.compile(
    r"\bin\s+(?:the\s+next\s+)?(\d{1,3})\s*(m|min|mins|minutes?|h|hours?)\b", re.IGNORECASE
)
_PROMISE = re.compile(
    r"\b(?:next\s+update|(?:will|'ll|\u2019ll)\s+update|update\s+again|another\s+update)\b(?P<when>[^.;\n]*)",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """The text without Markdown's marks."""
    return _MARKS.sub("", text)


@cache
def _pattern(form: str, incident_id: str) -> re.Pattern[str]:
    """A form as a regular expression: blanks, case, dashes, brackets and the last full stop do not matter."""
    given = {
        "incident_id": f"(?P<incident_id>{incident_id})",
        "time": _TIME,
        "symptom": r"(?P<symptom>\S.*?)",
    }
    parts = _PLACEHOLDER.split(form.rstrip(". "))
    pattern = "".join(
        given.get(part, r"\S.*?") if index % 2 else _literal(part) for index, part in enumerate(parts)
    )
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def _literal(text: str) -> str:
    out = []
    for part in re.split(rf"(\s*[{_DASH}]\s*|\s+|[\[\](){{}}])", text):
        if part.strip() and part.strip() in _DASH:
            out.append(rf"\s*[{_DASH}]+\s*")
        elif part.isspace():
            out.append(r"\s+")
        elif part in ("[", "]", "(", ")"):
            out.append(r"[\[\]()]?")
        else:
            out.append(re.escape(part))
    return "".join(out)


# --- the acknowledgement --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What the first message of an incident says. Empty texts are what it lacks."""

    incident_id: str
    symptom: str
    whole: bool
    """Whether it has the protocol's form from end to end, and so says where the updates are."""


def acknowledgement_of(text: str, protocol: Protocol) -> Acknowledgement:
    """The parts of an acknowledgement, as far as they are there."""
    found = _pattern(protocol.acknowledgement.form, protocol.incident_id).search(plain(text))
    if found:
        groups = found.groupdict()
        return Acknowledgement(groups.get("incident_id") or "", (groups.get("symptom") or "").strip(), True)
    named = re.search(protocol.incident_id, text, re.IGNORECASE)
    return Acknowledgement(named[0] if named else "", "", False)


# --- updates --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Update:
    """A status update taken apart. `stamp` is HH:MM or empty; `fields` has each field that says anything."""

    incident_id: str
    stamp: str
    headed: bool
    fields: dict[str, str] = field(default_factory=dict)

    def missing(self, protocol: Protocol) -> list[str]:
        """What the protocol's template has and this has not."""
        names = [name for name in protocol.updates.fields if not self.fields.get(name)]
        return names if self.headed else ["the heading", *names]


def update_of(text: str, protocol: Protocol) -> Update | None:
    """The update that a message is, or None when it is none: it has the heading, begins as it does, or has at least two
    of the fields.
    """
    words = plain(text)
    head = _pattern(protocol.updates.form, protocol.incident_id).search(words)
    fields = _fields(words, tuple(protocol.updates.fields))
    if not head and len(fields) < 2 and not _begins_like_one(words, protocol.updates.form):
        return None
    groups = head.groupdict() if head else {}
    return Update(groups.get("incident_id") or "", groups.get("time") or "", head is not None, fields)


def _begins_like_one(words: str, form: str) -> bool:
    """The form's own words, such as STATUS UPDATE, at the start of the message, perhaps behind a bracket."""
    kernel = max((part.strip(f" []().:{_DASH}") for part in _PLACEHOLDER.split(form)[::2]), key=len)
    kernel = re.sub(r"^\W*(?:utc\b)?\W*", "", kernel, flags=re.IGNORECASE)
    return bool(kernel) and bool(
        re.match(rf"\s*(?:[\[(][^\])]*[\])])?\W*{re.escape(kernel)}\b", words, re.IGNORECASE)
    )


@cache
def _labels(names: tuple[str, ...]) -> re.Pattern[str]:
    spelled = "|".join(
        re.escape(name).replace(r"\ ", r"\s+") for name in sorted(names, key=len, reverse=True)
    )
    return re.compile(rf"(?<!\w)(?P<name>{spelled})(?:\s+now)?\s*:", re.IGNORECASE)


def _fields(words: str, names: tuple[str, ...]) -> dict[str, str]:
    found = list(_labels(names).finditer(words))
    known = {" ".join(name.lower().split()): name for name in names}
    fields: dict[str, str] = {}
    ends = [label.start() for label in found[1:]] + [len(words)]
    for label, end in zip(found, ends, strict=False):
        value = words[label.end() : end].strip(" \t\r\n-*•")
        name = known[" ".join(label["name"].lower().split())]
        if value:
            fields.setdefault(name, value)
    return fields


def impact_of(text: str, protocol: Protocol) -> str:
    """What a message says under the label Impact; empty when it has none."""
    names = tuple(dict.fromkeys([*protocol.updates.fields, "Impact"]))
    return _fields(plain(text), names).get("Impact", "")


# --- times ----------------------------------------------------------------------------------------


def stamp_off_s(stamp: str, at: datetime) -> float:
    """Seconds between a stamp and the moment of posting. A stamp is a whole minute: inside it, none."""
    hour, minute = map(int, stamp.split(":"))
    if hour > 23 or minute > 59:
        return float("inf")
    day = at.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return min(_outside(day + timedelta(days=days), at) for days in (-1, 0, 1))


def _outside(minute: datetime, at: datetime) -> float:
    after = (at - minute).total_seconds()
    return max(-after, after - 60.0, 0.0)


def next_update_s(text: str, at: datetime) -> float | None:
    """In how many seconds a message promises the next update, or None when it promises none. A time of day is the
    next such minute from the minute of posting on.
    """
    for promise in _PROMISE.finditer(plain(text)):
        when = promise["when"]
        if absolute := _ABSOLUTE.search(when):
            return _until(int(absolute[1]), int(absolute[2]), at)
        if relative := _RELATIVE.search(when):
            return int(relative[1]) * (3600.0 if relative[2][0] in "hH" else 60.0)
    return None


def _until(hour: int, minute: int, at: datetime) -> float | None:
    if hour > 23 or minute > 59:
        return None
    then = at.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if then < at.replace(second=0, microsecond=0):
        then += timedelta(days=1)
    return (then - at).total_seconds()
