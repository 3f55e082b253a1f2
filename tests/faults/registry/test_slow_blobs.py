from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from blackstart.faults.contract import LIMIT_S, prove_fault
from blackstart.faults.registry.slow_blobs import RegistrySlowBlobs
from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

FAULT = RegistrySlowBlobs()

Fixing = Callable[[str], Callable[[], None]]


@pytest.mark.replica
def test_it_keeps_its_contract(
    replica: LocalReplica, fixing: Fixing, another: Callable[[], LocalReplica]
) -> None:
    prove_fault(FAULT, replica, "registry", fix=fixing("network restore registry"), another=another)


@pytest.mark.replica
def test_manifests_come_in_time_and_nothing_ships(replica: LocalReplica) -> None:
    undo = FAULT.prepare(replica, "registry")
    FAULT.inject(replica, "registry", undo)
    try:
        assert FAULT.probe(replica, "registry").read().reason == "no blob within 500 ms"
        probes = {probe.name: probe for probe in replica.probes()}
        assert wait_until(lambda: probes["ship"].read().reason == "pull image: timed out", LIMIT_S)
        assert wait_until(lambda: probes["registry"].read().state == "green", LIMIT_S)
    finally:
        FAULT.heal(replica, "registry", undo)


@pytest.mark.replica
def test_slow_is_not_broken(replica: LocalReplica) -> None:
    fault = RegistrySlowBlobs.model_validate({"delay": "0.2s", "limit": "0.1s"})
    undo = fault.prepare(replica, "registry")
    fault.inject(replica, "registry", undo)
    try:
        assert replica.exec("registry", ["images", "verify", "orders"]).exit_code == 0
        assert fault.probe(replica, "registry").read().state == "red"
    finally:
        fault.heal(replica, "registry", undo)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"delay": "0.5s"}, "the limit must be shorter than the delay"),
        ({"delay": "11m"}, "less than or equal to 600"),
    ],
)
def test_values_that_make_no_sense(params: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RegistrySlowBlobs.model_validate(params)
