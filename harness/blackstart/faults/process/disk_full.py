"""A component cannot write any more, as on a full disk; the machine's own disk is not touched."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, ClassVar

from blackstart.faults.process.squeezed import Squeezed

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["ProcessDiskFull"]


class ProcessDiskFull(Squeezed):
    """No process of it may write to a file (RLIMIT_FSIZE 0): each write fails as too large, and nothing is lost of
    what is there.

    Only for what writes while it serves: Vault's audit log and Raft storage, the registry's uploads. The name
    servers write nothing, and the teams' services only a counter when they deploy. SIGXFSZ, which comes with the
    error, does no harm: Go and Python both ignore it.
    """

    name: ClassVar[str] = "process.disk-full"
    summary: ClassVar[str] = (
        "a component cannot write to its disk: Vault refuses all requests, the registry pushes"
    )
    kinds: ClassVar[tuple[str, ...]] = ("vault", "registry")
    turns_red: ClassVar[str] = "{target}-writes"
    seen: ClassVar[str] = (
        "Vault: 500 internal error for every request, since none can be audited, while sys/health is well; it dies "
        "of it when Raft must write. Registry: pulls work, pushes answer 500. Nothing more comes into their logs"
    )
    limit: ClassVar[int] = resource.RLIMIT_FSIZE
    lowered: ClassVar[int] = 0

    def probe(self, replica: Replica, target: str) -> Probe:
        from blackstart.faults.process.questions import writes

        return writes(replica, target)
