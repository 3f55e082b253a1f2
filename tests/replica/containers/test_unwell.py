"""Why a container is not in service, in the words that people read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blackstart.replica.containers.found import Container
from blackstart.replica.containers.unwell import why_not

if TYPE_CHECKING:
    from blackstart.replica.containers.engine import Engine

BEGAN = "2026-01-02T03:04:05.678901234Z"
NEVER = "0001-01-01T00:00:00Z"


def container(restarts: int = 0, path: str = "redis-server", **state: Any) -> Container:
    labels = {"blackstart.component": "cache", "com.docker.compose.service": "redis"}
    state = {"StartedAt": BEGAN, **state}
    return Container(
        "c1", {"RestartCount": restarts, "Path": path, "State": state, "Config": {"Labels": labels}}
    )


def message(engine: Engine, found: Container) -> str:
    engine.client.api.logs.return_value = b"bad directive\n"  # type: ignore[attr-defined]  # a mock
    return why_not(engine, found, "redis", "did not come up").message


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"Running": True}, "it still runs"),
        ({"Running": True, "Health": {"Status": "starting"}}, "it still runs, starting"),
        ({"ExitCode": 137, "OOMKilled": True}, "ended with code -9, out of memory"),
        ({"restarts": 1, "Running": True}, "docker has restarted it 1 time"),
        (
            {"restarts": 3, "Running": True, "Restarting": True, "ExitCode": 1},
            "docker has restarted it 3 times; it ended with code 1",
        ),
    ],
)
def test_its_state_and_its_last_lines(engine: Engine, state: dict[str, Any], said: str) -> None:
    assert (
        message(engine, container(**state))
        == f"redis did not come up ({said}). Its last lines:\nbad directive"
    )


def test_the_hint_names_the_log_that_is_kept_when_it_is_gone(engine: Engine) -> None:
    engine.client.api.logs.return_value = b""  # type: ignore[attr-defined]  # a mock
    hint = why_not(engine, container(), "redis", "did not come up").hint
    assert hint == "all that it said is in the drill's folder: logs/cache.log"


@pytest.mark.parametrize(
    "words",
    [
        'exec: "/no/such": stat /no/such: no such file or directory',
        'exec: "/no/such": executable file not found in $PATH',
        'exec: "/no/such": permission denied',
    ],
)
def test_a_program_that_is_not_there(engine: Engine, words: str) -> None:
    said = f"failed to create shim task: OCI runtime create failed: runc create failed: {words}: unknown"
    error = why_not(
        engine, container(path="/no/such", StartedAt=NEVER, Error=said), "redis", "did not come up"
    )
    assert error.message.startswith("redis cannot be started: its program /no/such is not in its image")
    assert "shim" not in error.message
    assert error.hint == "look at `entrypoint` and `command` of redis in the compose file"


def test_what_else_docker_cannot_start_is_told_in_its_words(engine: Engine) -> None:
    found = container(StartedAt=NEVER, Error="error while mounting volume")
    error = why_not(engine, found, "redis", "did not come up")
    assert error.message == "redis cannot be started: error while mounting volume"
    assert "compose file says of redis" in error.hint
