"""The contract of every fault, as a test that anyone can run on a fault of their own.

prove_fault(VaultSeal(), replica, "vault")               # injected, seen, healed, healed again
prove_fault(VaultSeal(), replica, "vault", fix=unseal)   # and then mended by people
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault
    from blackstart.replica.base import Probe, Reading, Replica

__all__ = ["LIMIT_S", "own_probe", "prove_fault"]

LIMIT_S = 30.0
"""Real seconds for a real server to come back, on a machine that is busy with other things."""


def prove_fault(
    fault: Fault,
    replica: Replica,
    target: str,
    *,
    fix: Callable[[], None] | None = None,
    another: Callable[[], Replica] | None = None,
) -> None:
    """Put a fault through all that a drill may do to it, on a running replica. AssertionError says what failed.

    `another` gives a second object of the same replica, as another process would have it: it heals the second
    time, from what the ledger keeps. `fix` does what people would. The replica is whole afterwards; when something
    fails, what was injected is healed first, as well as the fault can.
    """
    contract = _Contract(fault, replica, target)
    try:
        contract.healed_in_order(replica)
        contract.healed_from_the_ledger(another() if another else replica)
        if fix is not None:
            contract.mended_by_people(fix)
    except BaseException:
        contract.leave_whole()
        raise


def own_probe(replica: Replica, target: str) -> str:
    """The name of the first probe that the replica has of a component or team."""
    return next(probe.name for probe in replica.probes() if probe.subject == target)


class _Contract:
    def __init__(self, fault: Fault, replica: Replica, target: str) -> None:
        self._fault, self._replica, self._target = fault, replica, target
        self._probe = self._its_probe()
        self._last_undo: Mapping[str, object] | None = None

    def _its_probe(self) -> Probe:
        brought = self._fault.probe(self._replica, self._target)
        name = self._fault.probe_name(self._target, own_probe(self._replica, self._target))
        if brought is not None:
            assert brought.name == name, f"it brings the probe {brought.name} and says that {name} turns red"
            return brought
        return next(probe for probe in self._replica.probes() if probe.name == name)

    def healed_in_order(self, replica: Replica) -> None:
        undo = self._broken()
        self._healed(self._fault, replica, undo)
        self._healed(self._fault, replica, undo)

    def healed_from_the_ledger(self, other: Replica) -> None:
        """Injected twice, as when a drill is resumed; the parameters come back from JSON."""
        undo = self._broken()
        self._fault.inject(self._replica, self._target, undo)
        self._turns("red", "injected again")
        again = type(self._fault).model_validate(json.loads(self._fault.model_dump_json()))
        self._healed(again, other, undo)

    def mended_by_people(self, fix: Callable[[], None]) -> None:
        undo = self._broken()
        fix()
        self._whole(undo, "mended by people")
        self._healed(self._fault, self._replica, undo)

    def leave_whole(self) -> None:
        """Whoever uses the replica next finds it healed. That this fails too is not told: the first failure is."""
        if self._last_undo is not None:
            with suppress(Exception):
                self._fault.heal(self._replica, self._target, self._last_undo)

    def _broken(self) -> Mapping[str, object]:
        self._turns("green", "nothing was done yet")
        undo = self._fault.prepare(self._replica, self._target)
        written = json.loads(json.dumps(undo, allow_nan=False))
        assert written == dict(undo), "the undo is not plain JSON"
        self._turns("green", "prepared: that touches nothing")
        assert self._fault.gone(self._replica, self._target, written), "it says that it is there already"
        self._last_undo = written
        self._fault.inject(self._replica, self._target, written)
        self._turns("red", "injected")
        assert not self._fault.gone(self._replica, self._target, written), "it says that it is gone at once"
        return dict(written)

    def _healed(self, fault: Fault, replica: Replica, undo: Mapping[str, object]) -> None:
        fault.heal(replica, self._target, undo)
        self._whole(undo, "healed")

    def _whole(self, undo: Mapping[str, object], after: str) -> None:
        self._turns("green", after)
        assert self._fault.gone(self._replica, self._target, undo), (
            f"{after}, and it says that it is still there"
        )

    def _turns(self, state: str, after: str) -> None:
        readings: list[Reading] = []

        def turned() -> bool:
            readings.append(self._probe.read())
            return readings[-1].state == state

        limit_s = self._fault.within_s if state == "red" else LIMIT_S
        assert wait_until(turned, limit_s), (
            f"{self._fault.name} on {self._target}: {after}, but the probe {self._probe.name} is not {state} "
            f"within {limit_s:g} s: {readings[-1].state} {readings[-1].reason}"
        )
