"""A real replica for the tests that need one, and what its probes say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blackstart.faults.contract import LIMIT_S
from blackstart.replica.local import LocalReplica
from blackstart.replica.waiting import wait_until
from blackstart.testing import typed

Complaints = Callable[[], dict[str, str]]


@pytest.fixture
def replica(shared_replica: LocalReplica) -> LocalReplica:
    """The running replica that all tests share; whoever breaks it mends it."""
    return shared_replica


@pytest.fixture
def complaints(replica: LocalReplica) -> Complaints:
    """What every standard probe that is not green says, once none was only late: the machine is busy with other things."""

    def look() -> dict[str, str]:
        readings = {probe.name: probe.read() for probe in replica.probes()}
        return {name: reading.reason for name, reading in readings.items() if reading.state != "green"}

    def told() -> dict[str, str]:
        seen: list[dict[str, str]] = []

        def in_time() -> bool:
            seen.append(look())
            return not any(reason.endswith("timed out") for reason in seen[-1].values())

        wait_until(in_time, LIMIT_S)
        return seen[-1]

    return told


@pytest.fixture
def people(replica: LocalReplica) -> Callable[[str], str]:
    """Runs a command line as a participant types it, and gives what it said, both streams; any exit code."""
    return lambda line: typed(replica, line)[1]


@pytest.fixture
def fixing(people: Callable[[str], str]) -> Callable[[str], Callable[[], None]]:
    """What `prove_fault` takes as the people's fix: a command line of theirs."""

    def fix(line: str) -> Callable[[], None]:
        def do() -> None:
            people(line)

        return do

    return fix


@pytest.fixture
def another(replica: LocalReplica) -> Callable[[], LocalReplica]:
    """The same replica as another process has it, from what is on disk."""
    return lambda: LocalReplica.attach(replica.log("registry").parent.parent, replica.label)
