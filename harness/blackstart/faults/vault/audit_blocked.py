"""Vault cannot write its audit log, and so refuses every request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from blackstart.errors import ReplicaError
from blackstart.faults.vault.operating import Operator, VaultFault, told
from blackstart.replica.asking import Refused
from blackstart.replica.programs.audit_log import next_free, tell
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.base import Replica

__all__ = ["VaultAuditBlocked"]

FULL = "/dev/full"
"""Linux: every write to it fails as on a full disk (No space left on device)."""

REOPENED_S = 2.0
"""Real seconds for Vault to open its log again: when it is told to, and at a request that it could not log."""


class VaultAuditBlocked(VaultFault):
    """Let the audit log's disk be full: its path is linked to a device that is, and Vault opens it again."""

    name: ClassVar[str] = "vault.audit-blocked"
    summary: ClassVar[str] = "fills the audit device: Vault refuses every request that it cannot log"
    seen: ClassVar[str] = (
        "every request answers 500 internal error, sealing too, while sys/health answers 200 and bao status is "
        "fine; Vault's log says no audit backend succeeded in logging"
    )
    fix: ClassVar[str] = "give the audit log a place with room: audit-log rotate"
    undone: ClassVar[str] = "puts the log back at its path, and has Vault open it"
    holds: ClassVar[tuple[str, ...]] = ("{target}",)
    broken: ClassVar[str] = "blocked in its audit"

    def look(self, vault: Operator, undo: Undo) -> Mapping[str, Any]:
        """Where the log is. ReplicaError where there is none of which Vault would have to write a line."""
        log = Path(str(undo["audit_log"]))
        if not log.is_file():
            raise ReplicaError(f"{undo['component']} writes no audit log at {log}: nothing could be blocked")
        return {"log": str(log), "kept": f"{log}.kept"}

    def inject(self, replica: Replica, target: str, undo: Undo) -> None:
        """Returns when Vault has opened the full device. ReplicaError when it does not run."""
        if not replica.running(target):
            raise ReplicaError(f"{target} does not run: its audit could not be blocked ({self.name})")
        log = Path(str(undo["log"]))
        if not log.is_symlink():
            os.replace(log, str(undo["kept"]))
            log.symlink_to(FULL)
        with told(self, undo, self.broken):
            tell(log.parent)
            vault = Operator(undo)
            wait_until(lambda: not _answers(vault), REOPENED_S)

    def breaks(self, vault: Operator, undo: Undo) -> None:
        """Not by a call: see `inject`."""

    def heal(self, replica: Replica, target: str, undo: Undo) -> None:
        """Put the log back, whether Vault runs or not, and have a running one find it."""
        try:
            _put_back(Path(str(undo["log"])), Path(str(undo["kept"])))
        except OSError as error:
            raise ReplicaError(f"the audit log of {target} cannot be put back: {error}") from error
        super().heal(replica, target, undo)

    def mend(self, vault: Operator, undo: Undo) -> None:
        """A write that fails has Vault open its log anew, so one more request answers 500, and no further."""
        if not wait_until(lambda: _answers(vault), REOPENED_S):
            vault.call("GET", "auth/token/lookup-self")

    def whole(self, vault: Operator, undo: Undo) -> bool:
        return not Path(str(undo["log"])).is_symlink()


def _put_back(log: Path, kept: Path) -> None:
    """The log from before goes on; where people have begun a new one, it is kept beside that as an older one."""
    if log.is_symlink() and not kept.exists():
        log.unlink()
    elif log.is_symlink() or not log.exists():
        if kept.exists():
            os.replace(kept, log)
    elif kept.exists():
        os.replace(kept, next_free(log))


def _answers(vault: Operator) -> bool:
    try:
        vault.call("GET", "auth/token/lookup-self")
    except Refused:
        return False
    return True
