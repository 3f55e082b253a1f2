"""What a test of the registry's faults may ask for beside the replica."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from blackstart.replica.programs.registry_store import RegistryStore

if TYPE_CHECKING:
    from blackstart.faults.base import Undo
    from blackstart.replica.local import LocalReplica


@pytest.fixture
def secrets_of(replica: LocalReplica) -> Callable[[Undo], list[str]]:
    """The accounts whose passwords stand in an undo; there must be none."""

    def found(undo: Undo) -> list[str]:
        users = RegistryStore(replica.data("registry")).settings()["users"]
        return [user["name"] for user in users if user["pass"] in repr(undo)]

    return found
