"""What the tests of process faults have in common."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.faults.contract import LIMIT_S, own_probe
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.faults.base import Fault, Undo
    from blackstart.replica.base import Probe
    from blackstart.replica.local import LocalReplica


Turns = Callable[["Fault", str, str], None]
Broken = Callable[["Fault", str], "Undo"]


def probe_of(fault: Fault, replica: LocalReplica, target: str) -> Probe:
    """The probe that the fault turns red."""
    if brought := fault.probe(replica, target):
        return brought
    own = own_probe(replica, target)
    return next(probe for probe in replica.probes() if probe.name == own)


@pytest.fixture
def turns(replica: LocalReplica) -> Turns:
    """Waits until a fault's probe is green or red, as long as a busy machine may take."""

    def turned(fault: Fault, target: str, state: str) -> None:
        probe = probe_of(fault, replica, target)
        assert wait_until(lambda: probe.read().state == state, LIMIT_S), f"{probe.name} is not {state}"

    return turned


@pytest.fixture
def broken(replica: LocalReplica, turns: Turns) -> Broken:
    """Injects a fault and sees its effect; returns the undo as the ledger keeps it."""

    def inject(fault: Fault, target: str) -> Undo:
        turns(fault, target, "green")
        undo: Undo = json.loads(json.dumps(fault.prepare(replica, target)))
        assert fault.gone(replica, target, undo)
        fault.inject(replica, target, undo)
        turns(fault, target, "red")
        assert not fault.gone(replica, target, undo)
        return undo

    return inject


@pytest.fixture
def breaks_and_heals(replica: LocalReplica, turns: Turns, broken: Broken) -> Callable[[Fault, str], None]:
    """Injected, seen, healed and healed again: the whole of it is `prove_fault`, on one component a fault."""

    def once(fault: Fault, target: str) -> None:
        undo = broken(fault, target)
        for _ in range(2):
            fault.heal(replica, target, undo)
            turns(fault, target, "green")
            assert fault.gone(replica, target, undo)
            assert replica.running(target)

    return once


UNSEAL = '; for key in 1 2; do bao operator unseal "$(cat ~/unseal-keys/$key)"; done'


@pytest.fixture
def restarted(fixing: Callable[[str], Callable[[], None]]) -> Callable[[str], Callable[[], None]]:
    """What people do to nearly everything: restart it, and unseal Vault."""
    return lambda target: fixing(f"service restart {target}{UNSEAL if target == 'vault' else ''}")


@pytest.fixture
def started(fixing: Callable[[str], Callable[[], None]]) -> Callable[[str], Callable[[], None]]:
    """What people do to what is down: start it, and unseal Vault."""
    return lambda target: fixing(f"service start {target}{UNSEAL if target == 'vault' else ''}")
