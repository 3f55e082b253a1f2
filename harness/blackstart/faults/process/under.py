"""A component is started anew under a program of ours, which makes its life hard until somebody starts it plainly."""

from __future__ import annotations

import sys
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.base import Fault, Undo
from blackstart.faults.process.standing import bring_back, hosted, started_under

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["PROGRAMS", "Under"]

PROGRAMS = Path(__file__).parent / "programs"


class Under(Fault):
    """Healing ends what runs under the program, and starts the component plainly."""

    program: ClassVar[str]
    """The program's file, in `programs`."""

    waits: ClassVar[bool] = False
    """Whether the component comes into service under it, so that its start is waited for."""

    fix: ClassVar[str] = "restart it: service restart NAME; Vault must then be unsealed: bao operator unseal"
    undone: ClassVar[str] = "starts it anew without what held it down"

    @abstractmethod
    def options(self) -> tuple[str, ...]:
        """The program's arguments; the server's own command follows them."""

    def through(self) -> tuple[str, ...]:
        """What the component is started under: the harness's own Python, without site-packages."""
        return (sys.executable, "-I", "-S", str(PROGRAMS / self.program), *self.options())

    def prepare(self, replica: Replica, target: str) -> Undo:
        if self._there(replica, target):
            raise ReplicaError(f"{target} runs under {self.program} already")
        return {"component": target}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        replica.kill(target)
        hosted(replica).start(target, self.through(), wait=self.waits)

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """ReplicaError when the component does not come up."""
        if self._there(replica, target):
            replica.kill(target)
        bring_back(replica, target)

    def gone(self, replica: Replica, target: str, undo: Undo) -> bool:
        return replica.running(target) and not self._there(replica, target)

    def _there(self, replica: Replica, target: str) -> bool:
        return started_under(replica, target, PROGRAMS / self.program)
