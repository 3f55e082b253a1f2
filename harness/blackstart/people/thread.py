"""The incident thread, the teams' own channels and direct messages: one place for every message of a drill."""

from __future__ import annotations

from dataclasses import dataclass

from blackstart.errors import UsageError
from blackstart.events import FreeText, ThreadPinned, ThreadPosted
from blackstart.people.base import Emit, marked

__all__ = ["MAX_CHARS", "Message", "Threads"]

MAX_CHARS = 10_000
"""The longest message. Longer ones are output that belongs in the terminal's recording."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands. `channel`: the incident thread's name, "#team" or "@person"."""

    id: str
    who: str
    channel: str
    text: str
    bot: bool
    reply_to: str


class Threads:
    """Every message, in order. People's words stay as written; scripted ones carry the drill's mark.

    Errors: UsageError for a channel, message or text that cannot be.
    """

    def __init__(self, emit: Emit, thread: str = "incident") -> None:
        self.thread = thread
        self._emit = emit
        self._messages: dict[str, Message] = {}
        self._pinned: list[str] = []

    def post(self, who: str, channel: str, text: str, reply_to: str = "") -> str:
        """A participant's message, as written. Returns its id."""
        return self._post(who, channel, text, bot=False, reply_to=reply_to)

    def post_scripted(self, sender: str, channel: str, text: str) -> str:
        """A message of the script: a team that asks, the facilitator. Returns its id."""
        return self._post(sender, channel, marked(text), bot=True, reply_to="")

    def pin(self, who: str, message: str) -> None:
        """Pin a message in its channel. Pinning it again changes nothing."""
        found = self.message(message)
        if message not in self._pinned:
            self._pinned.append(message)
            self._emit(ThreadPinned(message, found.channel), actor=who, source="thread")

    def message(self, message: str) -> Message:
        """One message by its id."""
        found = self._messages.get(message)
        if found is None:
            raise UsageError(
                f"there is no message {message!r}", hint=f"the last one is m-{len(self._messages)}"
            )
        return found

    def messages(self, channel: str = "") -> tuple[Message, ...]:
        """All messages, or those of one channel, oldest first."""
        return tuple(m for m in self._messages.values() if not channel or m.channel == channel)

    def pinned(self) -> tuple[Message, ...]:
        """What is pinned, in the order in which it was."""
        return tuple(self._messages[message] for message in self._pinned)

    def _post(self, who: str, channel: str, text: str, *, bot: bool, reply_to: str) -> str:
        self._refuse_nonsense(channel, text, reply_to)
        message = f"m-{len(self._messages) + 1}"
        self._messages[message] = Message(message, who, channel, text, bot, reply_to)
        body = ThreadPosted(message, channel, FreeText.of(text), bot, reply_to)
        self._emit(body, actor=who, source="thread")
        return message

    def _refuse_nonsense(self, channel: str, text: str, reply_to: str) -> None:
        if channel != self.thread and not (channel[:1] in ("#", "@") and len(channel) > 1):
            hint = f"write {self.thread}, #team or @person"
            raise UsageError(f"a message goes to a channel, saw {channel!r}", hint=hint)
        if not text.strip():
            raise UsageError("the message is empty", hint="write what you know, even if it is nothing new")
        if len(text) > MAX_CHARS:
            raise UsageError(
                f"the message has {len(text):,} characters, at most {MAX_CHARS:,} are allowed",
                hint="leave output to the terminal: it is recorded",
            )
        if reply_to:
            self.message(reply_to)
