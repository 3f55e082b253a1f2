"""A replica in containers that does not come up again is ended, and not thrown away: it can be tried once more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica import compose
from blackstart.replica.compose import SERVERS, ComposeReplica
from blackstart.replica.containers.engine import PortInUse
from blackstart.replica.containers.project import ENDING
from blackstart.replica.foreign import ForeignReplica
from blackstart.replica.foreign import replica as foreign


def quiet(what: str, done: int, total: int) -> None:
    """Nobody looks."""


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The project of whatever replica, which finds a port taken."""
    made = MagicMock()
    made.up.side_effect = PortInUse("somebody has 8200")
    monkeypatch.setattr(ComposeReplica, "_project", made)
    monkeypatch.setattr(ForeignReplica, "_project", made)
    yield made
    made.down.assert_not_called()
    assert made.up.call_args.kwargs["keeping"]


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ComposeReplica:
    monkeypatch.setattr(compose, "ensure_tools", MagicMock())
    replica = ComposeReplica(tmp_path, "d", ["ic-1"])
    replica._stack = MagicMock()
    return replica


def test_our_own_keeps_its_data(ours: ComposeReplica, project: Any) -> None:
    with pytest.raises(PortInUse):
        ours.resume_up(quiet)
    project.end.assert_called_once_with()
    assert ours.components() == {}


def test_also_when_a_server_does_not_come_into_service(
    ours: ComposeReplica, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.up.side_effect = None
    servicing = MagicMock()
    servicing.return_value.into_service.side_effect = ReplicaError("it does not serve")
    monkeypatch.setattr(ComposeReplica, "_handle_all", MagicMock())
    monkeypatch.setattr(ComposeReplica, "_servicing", servicing)
    told: list[str] = []
    with pytest.raises(ReplicaError, match="does not serve"):
        ours.resume_up(lambda what, done, total: told.append(what))
    assert servicing.return_value.into_service.call_count <= len(SERVERS)
    assert told == ["waiting for the servers", ENDING]
    project.end.assert_called_with()


def test_a_users_own_file_keeps_its_data(
    tmp_path: Path, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("override", "toolbox"):
        monkeypatch.setattr(foreign, name, MagicMock(return_value=""))
    monkeypatch.setattr(ForeignReplica, "probes", MagicMock())
    monkeypatch.setattr(ForeignReplica, "_engine", MagicMock())
    replica = ForeignReplica(tmp_path, "d", ["ic-1"], tmp_path / "compose.yml", MagicMock())
    replica._written = MagicMock()
    with pytest.raises(PortInUse):
        replica.resume_up(quiet)
    project.end.assert_called_once_with()
    assert replica.components() == {}
