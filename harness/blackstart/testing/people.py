"""People at a keyboard, without a keyboard."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["typed"]


def typed(replica: Replica, line: str, participant: str = "sme-1") -> tuple[int, str]:
    """A command line as a participant types it: its exit code, and what it said on both streams."""
    shell = replica.shell(participant)
    done = subprocess.run(
        ["bash", "-c", line],
        env=dict(shell.env),
        cwd=shell.cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout
