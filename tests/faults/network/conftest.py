"""One replica for every fault of the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from blackstart.replica.local import LocalReplica


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
