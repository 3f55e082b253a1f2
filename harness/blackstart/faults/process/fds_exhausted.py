"""A component has used up its file descriptors: it takes no connection and opens no file any more."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, ClassVar

from blackstart.faults.process.squeezed import Squeezed

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["ProcessFdsExhausted"]


class ProcessFdsExhausted(Squeezed):
    """No process of it may open another descriptor (RLIMIT_NOFILE 3: the standard streams are always open), not
    even when one that it holds is closed: as if a leak took each that comes free."""

    name: ClassVar[str] = "process.fds-exhausted"
    summary: ClassVar[str] = "a component has no file descriptor left: new connections hang, open ones go on"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    turns_red: ClassVar[str] = "{target}-connects"
    seen: ClassVar[str] = (
        "new connections are taken by the kernel and never answered; too many open files in Vault's log. The name "
        "servers still answer over UDP, and the resolver what it has cached"
    )
    limit: ClassVar[int] = resource.RLIMIT_NOFILE
    lowered: ClassVar[int] = 3

    def probe(self, replica: Replica, target: str) -> Probe:
        from blackstart.faults.process.questions import connects

        return connects(replica, target)
