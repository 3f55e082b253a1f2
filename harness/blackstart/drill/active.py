"""A fault that was injected, and the two places in which its life is written: ledger and record."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blackstart.faults.ledger import LedgerFailed
from blackstart.record.store import WriteFailed

if TYPE_CHECKING:
    from blackstart.drill.arming import Armed
    from blackstart.drill.conductor import Conductor
    from blackstart.events import Body
    from blackstart.faults.base import Move, Undo
    from blackstart.faults.ledger import Ledger, State
    from blackstart.replica.base import Replica

__all__ = ["CONTAINED", "SERVERS_GONE", "Active", "Journal"]

SERVERS_GONE = "replica-down"
"""What proves the healing of a fault whose servers and data are gone (`events.FaultProven`)."""

CONTAINED = frozenset({"local", "compose"})
"""The replicas whose faults all live in their own servers and data: when these are gone, so is every fault."""


@dataclass(slots=True)
class Active:
    """`moved` is what it did last by itself; `by_people`: mended before anybody undid it; `over`: healed or tried.

    `ending`: its healing has begun, here or in a harness that died at it: it is not injected again.
    """

    armed: Armed
    undo: Undo
    effective: bool = False
    by_people: bool = False
    ending: bool = False
    over: bool = False
    moved: Move | None = None

    def off(self) -> bool:
        """Whether it made itself scarce for a while: a flap, a pause between two times."""
        return self.moved is not None and self.moved.off

    def inject(self, replica: Replica) -> None:
        self.armed.fault.inject(replica, self.armed.target, self.undo)

    def heal(self, replica: Replica) -> None:
        self.armed.fault.heal(replica, self.armed.target, self.undo)

    def gone(self, replica: Replica) -> bool:
        """Whether the fault itself says that it is over. One that cannot tell is not."""
        try:
            return self.armed.fault.gone(replica, self.armed.target, self.undo)
        except Exception:  # whatever a fault's look raises: not known to be gone
            return False


class Journal:
    """Writes what becomes of faults. In a replay the ledger has it already, and the record gives it back."""

    def __init__(self, conductor: Conductor, ledger: Ledger) -> None:
        self._conductor = conductor
        self.ledger = ledger

    def mark(self, armed: Armed, state: State) -> None:
        """The next state in the ledger."""
        if not self._conductor.replaying():
            self.ledger.mark(armed.id, state)

    def emit(self, body: Body) -> None:
        """An event on record."""
        self._conductor.emit(body, actor="harness", source="harness")

    def write(self, armed: Armed, state: State, body: Body) -> None:
        """Into both while healing. A full disk must not keep the next fault from being healed."""
        with suppress(LedgerFailed):
            self.mark(armed, state)
        with suppress(WriteFailed):
            self.emit(body)
