"""The contract of a replica, on the compose replica: `tests/testing/test_contract.py` has it for the others."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from blackstart.replica.compose import ComposeReplica
from blackstart.replica.containers.removal import counts
from blackstart.testing import AttachedContract, ReplicaContract

from .test_peoples_commands import copied, typed

if TYPE_CHECKING:
    from blackstart.replica.base import Replica
    from blackstart.replica.containers.engine import Engine


class TestCompose(ReplicaContract, AttachedContract):
    farewell: ClassVar[Mapping[str, str]] = {"vault": "shutdown triggered"}

    @pytest.fixture
    def replica(self, stack: ComposeReplica) -> ComposeReplica:
        return stack

    @pytest.fixture(
        params=["vault", "payments"]
    )  # the one that must be unsealed each time, and one that needs others
    def component(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

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
        """Its containers come up, and then its registry does not serve."""
        monkeypatch.setattr("blackstart.replica.servicing.START_LIMIT_S", 0.5)
        monkeypatch.setattr("blackstart.replica.components.registry.listening", lambda at: False)
        return ComposeReplica(tmp_path, f"try-{secrets.token_hex(4)}", [])

    @pytest.fixture(autouse=True)
    def _docker(self, engine: Engine) -> None:
        self._engine = engine

    def crash(self, replica: Replica, component: str) -> None:
        """`docker kill`, by hand."""
        assert isinstance(replica, ComposeReplica)
        self._engine.client.api.kill(replica.container(component).look().id)

    @contextmanager
    def outdated(self, replica: Replica) -> Iterator[Callable[[], bool]]:
        """The resolver has a copy of an address that the zone has another of by now."""
        assert isinstance(replica, ComposeReplica)
        with copied(replica, "search", 3600) as there:
            assert typed(replica, "resolve search").strip() == there, "it has a copy"
            yield lambda: typed(replica, "resolve search").strip() == there

    def left(self, label: str) -> list[str]:
        found = counts(self._engine, label)
        return [str(found)] if found else []
