"""A real replica for the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blackstart.replica.local import LocalReplica


def quiet(what: str, done: int, total: int) -> None:
    """A progress callback for those who do not look."""


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalReplica]:
    """One running replica for all tests of a module; whoever breaks it mends it."""
    folder: Path = tmp_path_factory.mktemp("replica")
    local = LocalReplica(folder, f"test-{folder.name}", ["ic-1", "sme-1"])
    try:
        local.up(quiet)
        yield local
    finally:
        local.down()
