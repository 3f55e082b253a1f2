"""What of a dead drill's containers is ended. What it does to real ones is tried on these."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.containers import ending, remains

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blackstart.replica.containers.engine import Engine

LISTED = [{"Id": "c1"}]


@pytest.fixture
def api(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Any:
    @contextmanager
    def connected(folder: Path, label: str) -> Iterator[Engine]:
        yield engine

    monkeypatch.setattr(remains, "_engine", connected)
    return engine.client.api


def test_docker_lists_what_was_killed_for_a_moment_longer(api: Any, tmp_path: Path) -> None:
    api.containers.side_effect = [LISTED, LISTED, LISTED, []]
    remains.end(tmp_path, "d")
    api.kill.assert_called_once_with("c1")


def test_what_does_not_end_is_said(api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "END_LIMIT_S", 0.0)
    api.containers.return_value = LISTED
    with pytest.raises(ReplicaError, match="1 containers do not end"):
        remains.end(tmp_path, "d")
