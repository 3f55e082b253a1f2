"""The forms that messages come in: the acknowledgement, the status update with its stamp, fields and promise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.protocol import Protocol
    from blackstart.review.facts import Facts, Message

__all__ = ["Update", "acknowledgement", "parse_update", "updates"]

_DASH = r"\s*(?:[-\u2010-\u2015:]+)\s*"
_TIME = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")
_IN_MINUTES = re.compile(r"\bin\s+(\d{1,3})\s*(?:m|min|minutes?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Update:
    """One status update. `stamp_off_s`: how far the stamp's minute is from the post, 0 inside it; None without one.

    `promised_s`: the drill second of the next update that it promises; None when it promises none.
    `fields` has each field found, by the protocol's name. `problems` is what the form lacks, in words.
    """

    message: Message
    stamp_off_s: float | None
    promised_s: float | None
    fields: dict[str, str]
    problems: list[str]


def updates(facts: Facts) -> list[Update]:
    """Every status update in the thread, in order."""
    found = (parse_update(message, facts.inputs.protocol, facts.header.drill) for message in facts.said())
    return [update for update in found if update is not None]


def acknowledgement(text: str, protocol: Protocol) -> re.Match[str] | None:
    """The protocol's acknowledgement in a message, with groups incident_id and symptom; None when it is none."""
    form = re.escape(protocol.acknowledgement.form)
    form = form.replace(re.escape("{incident_id}"), f"(?P<incident_id>{protocol.incident_id})", 1)
    form = form.replace(re.escape("{symptom}"), r"(?P<symptom>\S.*?)", 1)
    form = re.sub(r"(?:\\ )+", r"\\s+", form)
    return re.search(form, _plain(text), re.IGNORECASE | re.DOTALL)


def parse_update(message: Message, protocol: Protocol, drill: str) -> Update | None:
    """A message as a status update; None when it does not claim to be one."""
    text = _plain(message.text)
    if re.search(_head(protocol), text, re.IGNORECASE) is None:
        return None
    off = _stamp_off(text, protocol, message)
    found = _fields(text, protocol)
    promised = _promised(next((found[f] for f in found if f.lower().startswith("next")), ""), message)
    return Update(message, off, promised, found, _problems(protocol, drill, text, off, found, promised))


def _plain(text: str) -> str:
    """Without Markdown's emphasis, which people add and which means nothing here."""
    return re.sub(r"[*_`]{1,3}", "", text)


def _head(protocol: Protocol) -> str:
    """The words of the form between its placeholders: "STATUS UPDATE"."""
    words = [part.strip(" []\u2014-:") for part in re.split(r"\{\w+\}", protocol.updates.form)]
    longest = max(words, key=len).removeprefix("UTC]").strip()
    return r"\s+".join(re.escape(word) for word in longest.split())


def _stamp_off(text: str, protocol: Protocol, message: Message) -> float | None:
    form = re.escape(protocol.updates.form.split("{time}")[0]) if "{time}" in protocol.updates.form else None
    if form is None:
        return 0.0
    match = re.search(form + r"\s*(\d{1,2}):(\d{2})\s*(?:UTC|Z)?", text)
    if match is None:
        return None
    begins = _nearest(int(match[1]), int(match[2]), datetime.fromisoformat(message.at))
    off = (datetime.fromisoformat(message.at) - begins).total_seconds()
    return 0.0 if 0 <= off < 60 else (off - 60 if off >= 60 else -off)


def _nearest(hour: int, minute: int, moment: datetime) -> datetime:
    """That time of day, on the day that puts it closest to the moment: midnight may lie between."""
    same = moment.replace(hour=hour % 24, minute=minute, second=0, microsecond=0)
    return min((same + timedelta(days=days) for days in (-1, 0, 1)), key=lambda one: abs(one - moment))


def _fields(text: str, protocol: Protocol) -> dict[str, str]:
    names = "|".join(re.escape(name) for name in protocol.updates.fields)
    marks = list(re.finditer(rf"(?:^|\n|(?<=[.\s/]))[ \t\-•]*({names})\s*:", text, re.IGNORECASE))
    found: dict[str, str] = {}
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        name = next(n for n in protocol.updates.fields if n.lower() == mark[1].lower())
        content = text[mark.end() : following.start() if following else len(text)].strip(" \n/\t")
        if content:
            found.setdefault(name, content)
    return found


def _promised(text: str, message: Message) -> float | None:
    posted = datetime.fromisoformat(message.at)
    if match := _IN_MINUTES.search(text):
        return message.s + 60.0 * int(match[1])
    if match := _TIME.search(text):
        due = _nearest(int(match[1]), int(match[2]), posted)
        return message.s + (due - posted).total_seconds()
    return None


def _problems(
    protocol: Protocol,
    drill: str,
    text: str,
    off: float | None,
    found: dict[str, str],
    promised: float | None,
) -> list[str]:
    problems = [f"the field {name} is missing" for name in protocol.updates.fields if name not in found]
    if drill not in text:
        problems.append("it does not name the incident")
    if off is None:
        problems.append("it has no UTC stamp")
    elif off > protocol.updates.stamp_within:
        problems.append(f"its stamp is {off:.0f} s off the clock")
    if promised is None and any(name.lower().startswith("next") for name in found):
        problems.append("it does not say when the next update comes")
    return problems
