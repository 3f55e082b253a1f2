"""Messages that tell the state of things, and for how long each one holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.claims import claims_all_clear, claims_fixed
from blackstart.review.stretches import Stretch, merged
from blackstart.review.wording import Update, next_update_s, update_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from blackstart.protocol import Protocol
    from blackstart.review.timeline import Message

__all__ = ["Post", "covered", "posts_of"]


@dataclass(frozen=True, slots=True)
class Post:
    """A message that counts as an update. `due_s`: when the next is due, grace not counted; the cadence is that of
    the phase in which it was posted, and the actual posting begins it anew, so a late one does not make the next late.
    """

    message: Message
    update: Update | None
    cadence_s: float
    promised_s: float | None
    grace_s: float

    @property
    def at_s(self) -> float:
        return self.message.at_s

    @property
    def due_s(self) -> float:
        by_cadence = self.at_s + self.cadence_s
        return by_cadence if self.promised_s is None else min(self.promised_s, by_cadence)

    @property
    def until_s(self) -> float:
        """The end of what it covers, grace included."""
        return self.due_s + self.grace_s


def posts_of(
    talk: Sequence[Message],
    protocol: Protocol,
    observing: Callable[[float], bool],
    utc: Callable[[float], datetime],
) -> list[Post]:
    """The updates among the messages: those in the template's form or near it, those that promise a next one, those that
    say it is over, and the first message of all.
    """
    found = []
    for index, message in enumerate(talk):
        update = update_of(message.text, protocol)
        promised = next_update_s(message.text, utc(message.at_s))
        over = claims_fixed(message.text, protocol) or claims_all_clear(message.text, protocol)
        if index and update is None and promised is None and not over:
            continue
        rules = protocol.updates
        cadence = rules.observing_every if observing(message.at_s) else rules.every
        due = None if promised is None else message.at_s + promised
        found.append(Post(message, update, cadence, due, rules.grace))
    return found


def covered(posts: Iterable[Post], end_s: float) -> list[Stretch]:
    """When an unexpired update held."""
    return merged((post.at_s, min(post.until_s, end_s)) for post in posts)
