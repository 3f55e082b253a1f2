"""Who held which role when, by what people wrote in the incident thread."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blackstart.claims import claimed_roles, role_changes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blackstart.chain import Event
    from blackstart.protocol import Protocol
    from blackstart.review.timeline import Message

__all__ = ["Held", "Holding"]


@dataclass(frozen=True, slots=True)
class Held:
    """One person in one role. `end` is None while it lasts."""

    role: str
    who: str
    start: Event
    end: Event | None = None

    def at(self, seq: int) -> bool:
        return self.start.seq <= seq and (self.end is None or self.end.seq > seq)


@dataclass(slots=True)
class Holding:
    """Every holding in order, and the first claim of each role. A hand-over keeps the claim."""

    held: list[Held] = field(default_factory=list)
    claimed: dict[str, Event] = field(default_factory=dict)

    @classmethod
    def of(cls, talk: Iterable[Message], protocol: Protocol) -> Holding:
        """Fold people's messages in the incident thread: the last claim of a role wins."""
        holding, now = cls(), dict[str, Held]()
        for message in talk:
            for role in claimed_roles(message.text, protocol):
                holding.claimed.setdefault(role, message.event)
            for change in role_changes(message.text, message.who, protocol):
                before = now.get(change.role)
                if before and (
                    change.holder == before.who or (not change.holder and before.who != message.who)
                ):
                    continue
                if before:
                    holding.held.append(Held(before.role, before.who, before.start, message.event))
                    del now[change.role]
                if change.holder:
                    now[change.role] = Held(change.role, change.holder, message.event)
        holding.held += now.values()
        return holding

    def holders(self, role: str, seq: int) -> list[str]:
        """Who holds the role at that event."""
        return [held.who for held in self.held if held.role == role and held.at(seq)]
