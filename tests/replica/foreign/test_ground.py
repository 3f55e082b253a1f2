"""What the checks of a user's platform are asked on."""

from __future__ import annotations

import socket
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from tests.replica.foreign.conftest import image_ports, shop

from blackstart.errors import ReplicaError
from blackstart.replica.asking import Refused
from blackstart.replica.containers.endpoint import DEFAULT, DEFAULT_HOST, Endpoint
from blackstart.replica.containers.engine import Engine
from blackstart.replica.containers.found import Container
from blackstart.replica.containers.server import ContainerServer
from blackstart.replica.foreign.ground import PublishedGround, demux
from blackstart.replica.foreign.judge import judge
from blackstart.replica.foreign.override import Places


class Standing:
    """A server whose container is in some state."""

    def __init__(self, **state: Any) -> None:
        self._state = state

    def look(self) -> Container:
        return Container("1", {"State": self._state})


def ground(engine: Engine | None = None, **state: Any) -> PublishedGround:
    judgement = judge(shop(mailer={"image": "x", "labels": {"blackstart.component": "mail"}}), image_ports)
    servers = {"db": cast(ContainerServer, Standing(**state))}
    return PublishedGround(
        judgement, Places.choose(judgement, list(range(1, 20))), cast(Engine, engine), servers
    )


def test_where_a_port_is() -> None:
    assert ground().address("db", None) == ground().address("db", 5432) == ("127.0.0.1", 3)


def test_a_port_that_is_not_known() -> None:
    with pytest.raises(
        ReplicaError, match="port 80 of db is not published by the drill; known are: 5432"
    ) as refused:
        ground().address("db", 80)
    assert refused.value.hint == 'label its service blackstart.ports: "5432 80"'
    with pytest.raises(ReplicaError, match="no port of mail is known"):
        ground().address("mail", None)


def test_a_setting() -> None:
    assert ground().setting("db", "POSTGRES_PASSWORD") == "secret"
    with pytest.raises(ReplicaError, match="the service of db has no variable SECRET") as refused:
        ground().setting("db", "SECRET")
    assert refused.value.hint == "there are: POSTGRES_PASSWORD"


@pytest.mark.parametrize(
    ("state", "says"),
    [({"Running": False}, "does not run"), ({"Running": True, "Paused": True}, "is paused")],
)
def test_no_command_runs_in_what_does_not(state: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=f"its container {says}"):
        ground(**state).run("db", ["true"], 1.0)


def test_a_command_that_takes_too_long_is_no_docker_that_does_not_answer() -> None:
    client: Any = MagicMock()
    near, far = socket.socketpair()
    with near, far:
        client.api.exec_start.return_value = MagicMock(_sock=near)
        engine = Engine(Endpoint(DEFAULT, DEFAULT_HOST), client)
        with pytest.raises(TimeoutError):
            ground(engine, Running=True).run("db", ["sleep"], 0.0)


def test_what_a_command_prints_is_taken_apart() -> None:
    def piece(stream: int, text: bytes) -> bytes:
        return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text

    assert demux(piece(1, b"a") + piece(2, b"b") + piece(1, b"c")) == (b"ac", b"b")
    assert demux(b"") == (b"", b"")
