"""A component gets too little memory: it is killed for want of it, and dies of it each time it starts."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blackstart.faults.process.under import Under
from blackstart.source import Duration

__all__ = ["ProcessMemoryHog"]

MIB = 1 << 20


class ProcessMemoryHog(Under):
    """As on a machine whose memory somebody else has taken: the kernel kills the component (SIGKILL), its supervisor
    starts it again and again, and each time it dies of its own memory error.

    Nobody really takes memory, so the machine is in no danger: the component's address space is limited
    (RLIMIT_AS) to what the hog would leave it. The largest that may be left is less than what any server here
    needs to come up (Python 21 MiB or more, OpenBao more than 1.5 GiB), for above that nothing would be seen.
    """

    name: ClassVar[str] = "process.memory-hog"
    summary: ClassVar[str] = "a component has no memory left: it is killed, and each new start dies of it too"
    kinds: ClassVar[tuple[str, ...]] = ("*",)
    seen: ClassVar[str] = (
        "connections are closed unanswered; its log has a MemoryError at each start; Vault ends before it can say a word, and "
        "its log has only its supervisor's: bao ended with code -11"
    )
    program: ClassVar[str] = "restarting.py"

    left: int = Field(default=16, ge=4, le=16, description="MiB that the component may use")
    pause: Duration = Field(
        default=2.0, ge=0.5, le=60, description="how long it is down before it is started again"
    )

    def options(self) -> tuple[str, ...]:
        return ("--memory", str(self.left * MIB), "--pause", f"{self.pause:g}", "--")
