"""The desk: all that a participant can do, in one small interface. Crews use it now, people through the same calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from blackstart.errors import UsageError

if TYPE_CHECKING:
    from blackstart.people.base import Board
    from blackstart.people.pager import Pager
    from blackstart.people.shell import CommandResult
    from blackstart.people.status_page import StatusPage
    from blackstart.people.thread import Threads

__all__ = ["COMMAND_TIMEOUT_S", "Desk", "Shell"]

COMMAND_TIMEOUT_S = 120.0
"""Real seconds after which a command counts as one that never ends; a deploy takes a few."""


class Shell(Protocol):
    """A participant's terminal, as the desk needs it."""

    def run(self, line: str, timeout_s: float) -> CommandResult: ...


class Desk:
    """`shells` are the participants' terminals by their id; they are opened and closed elsewhere.

    Errors: UsageError for a page, message, channel, phase or participant that does not exist.
    """

    def __init__(
        self,
        pager: Pager,
        threads: Threads,
        status_page: StatusPage,
        shells: Mapping[str, Shell],
        board: Board,
    ) -> None:
        self._pager = pager
        self._threads = threads
        self._status_page = status_page
        self._shells = shells
        self._board = board

    def acknowledge(self, who: str, page: str) -> None:
        """Take a page: it does not escalate further."""
        self._pager.acknowledge(who, page)

    def help(self, who: str, page: str) -> str:
        """Ask for help: the next tier is paged now. Returns who; an empty text when nobody is left."""
        return self._pager.help(who, page)

    def post(self, who: str, channel: str, text: str, reply_to: str = "") -> str:
        """Write a message to the incident thread, "#team" or "@person". Returns its id."""
        return self._threads.post(who, channel, text, reply_to)

    def pin(self, who: str, message: str) -> None:
        """Pin a message where it stands."""
        self._threads.pin(who, message)

    def status(self, who: str, phase: str, text: str = "") -> None:
        """Put up an entry on the status page."""
        self._status_page.post(who, phase, text)

    def run(self, who: str, line: str, timeout_s: float = COMMAND_TIMEOUT_S) -> CommandResult:
        """Type a command into the participant's own recorded terminal and wait for its end."""
        shell = self._shells.get(who)
        if shell is None:
            known = ", ".join(sorted(self._shells)) or "nobody"
            raise UsageError(f"{who} has no terminal", hint=f"terminals belong to {known}")
        return shell.run(line, timeout_s)

    def board(self) -> Board:
        """What everybody may see of the probes."""
        return self._board
