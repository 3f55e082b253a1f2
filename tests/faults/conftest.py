"""A real replica for the tests that need one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blackstart.replica.local import LocalReplica
from blackstart.testing import typed


@pytest.fixture
def replica(shared_replica: LocalReplica) -> LocalReplica:
    """The running replica that all tests share; whoever breaks it mends it."""
    return shared_replica


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
