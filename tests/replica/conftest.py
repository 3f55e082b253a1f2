"""A real replica for the tests that need one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from blackstart.replica.local import LocalReplica


@pytest.fixture
def replica(shared_replica: LocalReplica) -> LocalReplica:
    """The running replica that all tests share; whoever breaks it mends it."""
    return shared_replica
