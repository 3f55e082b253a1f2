"""A real replica for the tests that need one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from blackstart.replica.local import LocalReplica


@pytest.fixture
def replica(shared_replica: LocalReplica) -> LocalReplica:
    """The running replica that all tests share; whoever breaks it mends it."""
    return shared_replica


@pytest.fixture
def people(replica: LocalReplica) -> Callable[[str], str]:
    """Runs a command line as a participant types it, and gives what it said, both streams; any exit code."""

    def type_in(line: str) -> str:
        shell = replica.shell("sme-1")
        done = subprocess.run(
            ["bash", "-c", line],
            env=dict(shell.env),
            cwd=shell.cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    return type_in


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
