"""Commands in a container: how they ended, though docker hands on the end of their output before it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blackstart.errors import ReplicaError
from blackstart.replica.base import Completed
from blackstart.replica.containers import files

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

RUNS = {"Running": True, "ExitCode": None}


@pytest.fixture
def api(engine: Engine) -> Any:
    """Of a docker in which a command has printed its output, and shows how it ended when it is asked."""
    api: Any = engine.client.api
    api.exec_start.return_value = (b"out", None)
    return api


def test_a_command_whose_end_docker_has_not_noted_yet(engine: Engine, api: Any) -> None:
    api.exec_inspect.side_effect = [RUNS, RUNS, {"Running": False, "ExitCode": 3}]
    assert files.run(engine, "c1", ["false"]) == Completed(3, "out", "")


def test_one_that_goes_on_with_its_output_closed(
    engine: Engine, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "EXIT_LIMIT_S", 0.0)
    api.exec_inspect.return_value = RUNS
    with pytest.raises(ReplicaError, match="daemon goes on with its output closed"):
        files.run(engine, "c1", ["daemon"])
