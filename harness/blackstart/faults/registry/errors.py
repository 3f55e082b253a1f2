"""The registry fails now and then: every third request is answered with an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from blackstart.faults.registry.answering import AnsweringFault
from blackstart.faults.registry.asking import steady_probe

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["RegistryErrors"]


class RegistryErrors(AnsweringFault):
    """Answer every so-manieth request with a server error, whoever asks for what."""

    name: ClassVar[str] = "registry.errors"
    summary: ClassVar[str] = "the registry answers every third request with 500"
    turns_red: ClassVar[str] = "{target}-errors"
    seen: ClassVar[str] = (
        "deploys fail while they pull, now here, now there, and sometimes work when tried again"
    )
    holds: ClassVar[tuple[str, ...]] = ("{target}/answers/errors",)

    every: int = Field(default=3, ge=2, le=10, description="which requests fail: 3 is every third")
    status: Literal[500, 502, 503, 504] = Field(default=500, description="what these are answered")

    def answers(self) -> dict[str, dict[str, Any]]:
        return {"errors": {"status": self.status, "every": self.every}}

    def probe(self, replica: Replica, target: str) -> Probe:
        return steady_probe(replica, target, self.every)
