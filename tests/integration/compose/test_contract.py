"""The contract of a replica, on the compose replica: `tests/testing/test_contract.py` has it for the others."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.compose import ComposeReplica
from blackstart.replica.containers.removal import counts
from blackstart.testing import AttachedContract, ReplicaContract

if TYPE_CHECKING:
    from blackstart.replica.base import Replica
    from blackstart.replica.containers.engine import Engine


class TestCompose(ReplicaContract, AttachedContract):
    @pytest.fixture
    def replica(self, stack: ComposeReplica) -> ComposeReplica:
        return stack

    @pytest.fixture
    def component(self) -> str:
        return "vault"  # the one that must be unsealed each time

    @pytest.fixture
    def attached(self, replica: ComposeReplica) -> ComposeReplica:
        return ComposeReplica.attach(replica.log("vault").parent.parent, replica.label)

    @pytest.fixture
    def fresh(self, engine: Engine, tmp_path: Path) -> Iterator[ComposeReplica]:
        another = ComposeReplica(tmp_path, f"try-{secrets.token_hex(4)}", ["sme-1"])
        yield another
        another.down()

    @pytest.fixture
    def hopeless(self, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ComposeReplica:
        """Its containers come up, and then it does not serve."""

        def fails(self: ComposeReplica, progress: object) -> None:
            raise ReplicaError("vault did not come into service")

        monkeypatch.setattr(ComposeReplica, "_serve", fails)
        return ComposeReplica(tmp_path, f"try-{secrets.token_hex(4)}", [])

    @pytest.fixture(autouse=True)
    def _docker(self, engine: Engine) -> None:
        self._engine = engine

    def crash(self, replica: Replica, component: str) -> None:
        """`docker kill`, by hand."""
        assert isinstance(replica, ComposeReplica)
        self._engine.client.api.kill(replica.container(component).look().id)

    def left(self, label: str) -> list[str]:
        found = counts(self._engine, label)
        return [str(found)] if found else []
