"""One server process of the replica, as the harness handles it: `programs.supervised` with errors that say why."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from blackstart.errors import ReplicaError
from blackstart.replica.programs.supervised import STOP_PATIENCE_S, Launch, Supervised

__all__ = ["STOP_PATIENCE_S", "Launch", "Server", "tail"]

_TAIL_BYTES = 64_000


class Server(Supervised):
    """A server of a component; the owner calls `stop` or `kill`. Its state lies beside its log if nobody says where."""

    def __init__(self, name: str, launch: Launch, log: Path, state: Path | None = None) -> None:
        super().__init__(name, launch, log, state or log.with_suffix(".run"))

    def start(self, through: Sequence[str] = (), more: Sequence[str] = ()) -> bool:
        """As `Supervised.start`. ReplicaError when the program cannot be run at all, or the disk is full."""
        try:
            return super().start(through, more)
        except OSError as error:
            raise ReplicaError(f"{self.name} cannot be started: {error}") from error

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
