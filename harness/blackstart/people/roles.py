"""Who holds which role now, for the live board. The words are read in `blackstart.claims`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from blackstart.claims import role_changes
from blackstart.events import Event, ThreadPosted

if TYPE_CHECKING:
    from blackstart.protocol import Protocol

__all__ = ["Roles"]


class Roles:
    """Folds messages into holders. The last claim of a role wins; nobody gives back what another holds."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._holders: dict[str, str] = {}

    def on_event(self, event: Event) -> None:
        """A listener: people's messages in the incident thread count, no others."""
        match event.body:
            case ThreadPosted(channel=self._protocol.thread.name, bot=False, text=text):
                self.on_message(event.actor, text.shown)
            case _:
                pass

    def on_message(self, who: str, text: str) -> None:
        """Take in one message."""
        for change in role_changes(text, who, self._protocol):
            if change.holder:
                self._holders[change.role] = change.holder
            elif self._holders.get(change.role) == who:
                del self._holders[change.role]

    def holders(self) -> Mapping[str, str]:
        """Each role that is held, and by whom."""
        return MappingProxyType(self._holders)
