"""One server process of the replica, as the harness handles it: `programs.supervised` with errors that say why."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from blackstart.errors import ReplicaError
from blackstart.replica.programs.supervised import STOP_PATIENCE_S, Launch, Supervised

__all__ = ["STOP_PATIENCE_S", "Launch", "Server", "tail"]

_TAIL_BYTES = 64_000
_LAST_BYTES = 8_000


class Server(Supervised):
    """A server of a component; the owner calls `stop` or `kill`. Its state lies beside its log if nobody says where."""

    def __init__(self, name: str, launch: Launch, log: Path, state: Path | None = None) -> None:
        super().__init__(name, launch, log, state or log.with_suffix(".run"))
        self._said_before = 0

    def start(self, through: Sequence[str] = (), more: Sequence[str] = ()) -> bool:
        """As `Supervised.start`. ReplicaError when the program cannot be run at all, or the disk is full."""
        try:
            self._said_before = self.log.stat().st_size if self.log.exists() else 0
            return super().start(through, more)
        except OSError as error:
            raise ReplicaError(f"{self.name} cannot be started: {error}") from error

    def pause(self) -> None:
        """As `Supervised.pause`. ReplicaError when a process of it goes on."""
        super().pause()
        if left := self.going_on():
            numbers = ", ".join(map(str, left))
            raise ReplicaError(f"{self.name} could not be paused: process {numbers} of it goes on")

    def says(self, words: Collection[str]) -> bool:
        """Whether one of these (in lower case) is in the last of what it has logged since it was started here."""
        try:
            with self.log.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._said_before, size - _LAST_BYTES))
                said = file.read().decode("utf-8", "replace").lower()
        except FileNotFoundError:
            return False
        return any(each in said for each in words)

    def failed(self, what: str) -> ReplicaError:
        """The error that says why it is not in service, with its last lines."""
        code = self.exited_by_itself()
        state = (
            "still runs" if self.running() else "does not run" if code is None else f"ended with code {code}"
        )
        return ReplicaError(
            f"{self.name} {what} ({state}). Its last lines:\n{tail(self.log, 12)}",
            hint=f"the whole log: {self.log}",
        )


def tail(log: Path, lines: int) -> str:
    """The last lines of a log; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""
