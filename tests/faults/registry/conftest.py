"""One replica for every fault of the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.local import LocalReplica
from blackstart.replica.programs.registry_store import RegistryStore

if TYPE_CHECKING:
    from blackstart.faults.base import Undo


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
def secrets_of(replica: LocalReplica) -> Callable[[Undo], list[str]]:
    """The accounts whose passwords stand in an undo; there must be none."""

    def found(undo: Undo) -> list[str]:
        users = RegistryStore(replica.data("registry")).settings()["users"]
        return [user["name"] for user in users if user["pass"] in repr(undo)]

    return found
