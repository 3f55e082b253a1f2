"""A real replica for the tests that need one, and what its probes say."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.waiting import wait_until

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica

LIMIT_S = 30.0
"""Real seconds for a server to do what it is about to do, on a machine that is busy with other things."""


@pytest.fixture
def replica(shared_replica: LocalReplica) -> LocalReplica:
    """The running replica that all tests share; whoever breaks it mends it."""
    return shared_replica


@pytest.fixture
def label() -> str:
    """A label that no other test has, nor the same one in another run beside this."""
    return f"test-{secrets.token_hex(6)}"


def red(replica: LocalReplica) -> dict[str, str]:
    """Every probe that is not green, with its reason; read side by side, as the sampler does."""
    probes = replica.probes()
    with ThreadPoolExecutor(len(probes)) as pool:
        readings = pool.map(lambda probe: (probe.name, probe.read()), probes)
        return {name: reading.reason for name, reading in readings if reading.state != "green"}


def red_at_last(replica: LocalReplica, wanted: dict[str, str]) -> dict[str, str]:
    """What is red once it is what was wanted, or at the limit: a probe may time out where the machine stood still."""
    looks: list[dict[str, str]] = []

    def look() -> bool:
        looks.append(red(replica))
        return looks[-1] == wanted

    wait_until(look, LIMIT_S)
    return looks[-1]
