"""One replica for every fault of the registry, and what people type in its shell."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.local import LocalReplica

if TYPE_CHECKING:
    from blackstart.faults.base import Undo

People = Callable[[str], str]


@pytest.fixture(scope="package")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalReplica]:
    """A running replica; whoever breaks it mends it."""
    folder: Path = tmp_path_factory.mktemp("replica")
    local = LocalReplica(folder, f"test-{folder.name}", ["ic-1", "sme-1"])
    try:
        local.up(lambda *news: None)
        yield local
    finally:
        local.down()


@pytest.fixture
def people(replica: LocalReplica) -> People:
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
def fixing(people: People) -> Callable[[str], Callable[[], None]]:
    """What `prove_fault` takes as the people's fix: a command line of theirs."""

    def fix(line: str) -> Callable[[], None]:
        def do() -> None:
            people(line)

        return do

    return fix


@pytest.fixture
def another(replica: LocalReplica) -> Callable[[], LocalReplica]:
    """The same replica as another process has it."""
    return lambda: LocalReplica.attach(replica.log("registry").parent.parent, replica.label)


@pytest.fixture
def secrets_of(replica: LocalReplica) -> Callable[[Undo], list[str]]:
    """The passwords of the registry that stand in an undo; there must be none."""

    def found(undo: Undo) -> list[str]:
        from blackstart.replica.programs.registry_store import RegistryStore

        users = RegistryStore(replica.data("registry")).settings()["users"]
        return [user["name"] for user in users if user["pass"] in repr(undo)]

    return found
