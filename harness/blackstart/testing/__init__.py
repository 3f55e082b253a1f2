"""Test doubles for your own tests of scenarios, faults and rules. Nothing of it is used in a drill.

time = ManualTime()                       # stands still until a test moves it
history = History()                       # a record in memory, properly chained
history.add(StageEntered("respond"), at=60.0)
review(history.events)
history.close()
history.save(folder)                      # the same on disk: blackstart verify says ok
replica = FakeReplica(["vault"], folder)  # a replica whose probes answer what a test says
replica.set_probes["vault"].turn("red", "503 Vault is sealed")
replica.calls                             # what was asked of it, in order

class TestMine(ReplicaContract): ...      # all that a replica promises, tried on one of your own
"""

from __future__ import annotations

from blackstart.testing.contract import AttachedContract, ReplicaContract
from blackstart.testing.doubles import FakeReplica, IdleFault, SetProbe
from blackstart.testing.histories import History
from blackstart.testing.people import typed
from blackstart.testing.times import START as START  # for those who count from it
from blackstart.testing.times import ManualTime

__all__ = [
    "AttachedContract",
    "FakeReplica",
    "History",
    "IdleFault",
    "ManualTime",
    "ReplicaContract",
    "SetProbe",
    "typed",
]
