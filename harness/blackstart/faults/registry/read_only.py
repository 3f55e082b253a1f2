"""The registry takes nothing new: it was made read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from blackstart.faults.registry.answering import AnsweringFault, refusal
from blackstart.faults.registry.asking import push_probe

if TYPE_CHECKING:
    from blackstart.replica.base import Probe, Replica

__all__ = ["RegistryReadOnly"]


class RegistryReadOnly(AnsweringFault):
    """Refuse every request that would write, as Distribution does in its maintenance mode."""

    name: ClassVar[str] = "registry.read-only"
    summary: ClassVar[str] = "the registry is read-only: pulls work, every push is refused"
    turns_red: ClassVar[str] = "{target}-push"
    seen: ClassVar[str] = "pushes are refused: 405, or 503; deploys of what is there work"
    holds: ClassVar[tuple[str, ...]] = ("{target}/answers/push",)

    status: Literal[405, 503] = Field(
        default=405, description="405: not supported in this mode; 503: for the time of maintenance"
    )

    def answers(self) -> dict[str, dict[str, Any]]:
        words = "the registry is in read-only mode"
        answer = refusal(self.status, "UNSUPPORTED" if self.status == 405 else "UNAVAILABLE", words)
        return {method.lower(): {**answer, "method": method} for method in ("POST", "PUT", "PATCH", "DELETE")}

    def probe(self, replica: Replica, target: str) -> Probe:
        return push_probe(replica, target)
