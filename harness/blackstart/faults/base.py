"""What a fault is: one small class that breaks one thing and can undo it from its ledger row alone.

`prepare` looks and touches nothing; what it returns is durable in the ledger before `inject` runs.
`heal` needs only that, is idempotent, and works from another process with the component restarted or gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["Fault", "Params", "Undo"]

Undo = Mapping[str, Any]
"""Plain JSON values; written to the ledger, read back by any process."""


class Params(BaseModel):
    """A fault's typed parameters; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(Protocol):
    """One way to break a component.

    `name` is what a scenario writes ("vault.seal"). `kinds` are the component kinds it can break, ("*",) any.
    `replicas` are the replicas that support it. `within_s` is how soon its probe must turn red.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]]
    replicas: ClassVar[tuple[str, ...]]
    params: ClassVar[type[Params]]
    within_s: ClassVar[float]

    def prepare(self, replica: Replica, target: str, params: Params) -> Undo: ...

    def inject(self, replica: Replica, target: str, params: Params, undo: Undo) -> None: ...

    def heal(self, replica: Replica, target: str, undo: Undo) -> None: ...
